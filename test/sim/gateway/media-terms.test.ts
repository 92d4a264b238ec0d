/** What a trunk or a rule says of packet times, of hold and of silence, as carriers see it on the wire. */
import { describe, expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { DEFAULT_POLICY } from '../../../src/trunk/trunk.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';
import { rule } from '../../unit/trunk/trunks.ts';
import { rowWorld } from '../rows/raw-carrier.ts';
import { answering, world } from './outbound-world.ts';

const times = (text: string) => text.match(/a=(?:max)?ptime:\d+/g) ?? [];

describe('packet times of an inbound trunk', () => {
  /** What the 200 says, and how many bytes of A-law our packets have. */
  function answered(packetTimes: InboundTrunk['packetTimes'], ...lines: string[]) {
    const all = rowWorld({ trunk: { packetTimes } });
    all.establish(all.carrier.sdp(['m=audio 4000 RTP/AVP 8', ...lines]));
    all.pass(1000);
    const said = times(all.carrier.last('SIP/2.0 200'));
    const bytes = [...new Set(all.carrier.rtp.map((packet) => packet.bytes))];
    all.finish();
    return [said.join(' '), bytes] as const;
  }

  test.each([
    [{ ptimeMs: 30 }, [], 'a=ptime:30', 240],
    [{ ptimeMs: 30 }, ['a=ptime:20'], 'a=ptime:30', 160],
    [{ ptimeMs: 40, maxPtimeMs: 50 }, ['a=ptime:60'], 'a=ptime:40 a=maxptime:50', 400],
    [{ maxPtimeMs: 20 }, ['a=ptime:60'], 'a=ptime:20 a=maxptime:20', 160],
    [{ ptimeMs: 60 }, ['a=maxptime:20'], 'a=ptime:60', 160],
    [undefined, ['a=ptime:40'], 'a=ptime:40', 320],
  ] as const)('%j, offered %j: %s and %i bytes', (packetTimes, lines, said, bytes) => {
    expect(answered(packetTimes, ...lines)).toEqual([said, [bytes]]);
  });

  test('stand in the late offer, too, and the answer decides what is sent', () => {
    const { carrier, pass, finish } = rowWorld({ trunk: { packetTimes: { ptimeMs: 10, maxPtimeMs: 30 } } });
    carrier.send('INVITE');
    pass(200);
    expect(times(carrier.last('SIP/2.0 200'))).toEqual(['a=ptime:10', 'a=maxptime:30']);
    carrier.send('ACK', { cseq: 1, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8', 'a=ptime:60']) });
    pass(1000);
    expect([...new Set(carrier.rtp.map((packet) => packet.bytes))]).toEqual([240]);
    finish();
  });

  test('are the same in a refresh: the version of o= stays', () => {
    const { carrier, establish, pass, finish } = rowWorld({ trunk: { packetTimes: { ptimeMs: 30 } } });
    const sdp = carrier.sdp(['m=audio 4000 RTP/AVP 8']);
    establish(sdp);
    const version = /^o=.*$/m.exec(carrier.last('SIP/2.0 200'))![0];
    carrier.send('INVITE', { cseq: 2, sdp });
    pass(100);
    carrier.send('ACK', { cseq: 2 });
    pass(100);
    expect(carrier.last('SIP/2.0 200')).toContain(version);
    finish();
  });
});

test('packet times of an outbound trunk stand in its offer, and hold where the answer has none', () => {
  const { carrier, place, pass, settle } = world();
  const far = carrier(answering);
  const placed = place({}, { packetTimes: { ptimeMs: 40, maxPtimeMs: 60 } });
  if (!placed.ok) throw new Error(placed.error);
  pass(1500);
  expect(times(far.offer)).toEqual(['a=ptime:40', 'a=maxptime:60']);
  expect([...new Set(far.handset.received.map(({ size }) => size))]).toEqual([320]);
  expect(times(fromUtf8(far.sdp))).toEqual([]);
  placed.value.hangUp();
  pass(500);
  settle();
});

describe('a call on hold', () => {
  const held = (holdTimeoutMs: number) => {
    const all = rowWorld({ trunk: { holdTimeoutMs } });
    all.establish();
    let cseq = 1;
    const offer = (...lines: string[]) => {
      all.carrier.send('INVITE', {
        cseq: ++cseq,
        sdp: all.carrier.sdp(['m=audio 4000 RTP/AVP 8', ...lines]),
      });
      all.pass(100);
      all.carrier.send('ACK', { cseq });
      all.pass(100);
    };
    return { ...all, offer };
  };

  test('is ended when the trunk says so, by BYE with the reason', () => {
    const { carrier, pass, offer, gateway, finish } = held(60_000);
    offer('a=sendonly');
    pass(59_000);
    expect(carrier.requests).toEqual([]);
    pass(1500);
    expect(carrier.requests).toEqual(['BYE']);
    expect(carrier.last('BYE')).toContain('hold-timeout');
    pass(2000);
    expect(gateway.events.findLast(({ type }) => type === 'call.ended')).toMatchObject({
      ending: { cause: 'hold-timeout' },
    });
    finish();
  });

  test('that is resumed in time goes on, and the next hold begins anew', () => {
    const { carrier, pass, offer, finish } = held(60_000);
    offer('a=inactive');
    pass(50_000);
    offer();
    pass(50_000);
    offer('a=inactive');
    // From one kind of hold to another it is the same hold.
    pass(30_000);
    offer('a=sendonly');
    pass(20_000);
    expect(carrier.requests).toEqual([]);
    pass(15_000);
    expect(carrier.requests).toEqual(['BYE']);
    finish();
  });

  test('goes on for ever when the trunk says nothing', () => {
    const { carrier, pass, offer, finish } = held(0);
    offer('a=inactive');
    pass(400_000);
    expect(carrier.requests).toEqual([]);
    finish();
  });

  test('of ours on an outbound trunk is ended likewise', () => {
    const { carrier, place, pass, endings, settle } = world();
    const far = carrier(answering);
    far.answers = far.described('a=inactive');
    const placed = place({}, { holdTimeoutMs: 5000 });
    if (!placed.ok) throw new Error(placed.error);
    pass(1000);
    placed.value.hold();
    pass(4000);
    expect(endings).toEqual([]);
    pass(3000);
    expect(endings).toMatchObject([{ cause: 'hold-timeout' }]);
    settle();
  });
});

test('a rule has its own patience: with silence, and with hold', () => {
  const net = new LossyNet(3);
  const policy = { ...DEFAULT_POLICY, mediaTimeoutMs: 5000, holdTimeoutMs: 8000 };
  const gateway = new VirtualGateway(net, {
    rules: [rule({ id: 'all' }), rule({ id: 'short', numbers: ['short'], priority: -1, policy })],
  });
  const phones = [0, 1, 2].map((i) => new VirtualPhone(net, `10.0.1.${i + 1}`, 440));
  const [patient, silent, holding] = phones as [VirtualPhone, VirtualPhone, VirtualPhone];
  patient.dial('lobby');
  silent.dial('short');
  holding.dial('short');
  net.every(20, 50, () => {
    for (const phone of phones) phone.tick();
  });
  holding.offerAgain('a=inactive');
  // Nobody says a word from now on.
  net.run(net.now() + 10_000);
  const ends = gateway.events.flatMap((event) => (event.type === 'call.ended' ? [event.ending.cause] : []));
  expect(ends).toEqual(['media-timeout', 'hold-timeout']);
  expect(patient.ended).toBeUndefined();
  patient.hangUp();
  net.run(net.now() + 120_000);
  expect(gateway.left()).toEqual({});
  expect(gateway.faults).toEqual([]);
  gateway.stop();
});
