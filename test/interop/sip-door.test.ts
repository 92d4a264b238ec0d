import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { MarkedUdp } from '../support/marked-udp.ts';
import { oneTrunk } from '../support/one-trunk.ts';
import { newBranch, RawUdp, rawOffer, rawRequest, tcpExchange } from '../support/raw-sip.ts';

let gateway: Gateway;
let raw: RawUdp;

beforeAll(async () => {
  gateway = await Gateway.start();
  raw = await RawUdp.open(gateway.ports.sip);
});

afterAll(async () => {
  raw?.close();
  await gateway?.stop();
});

function request(method: string, more: Partial<Parameters<typeof rawRequest>[0]> = {}): string {
  return rawRequest({ method, user: 'lobby', port: gateway.ports.sip, localPort: raw.localPort, ...more });
}

/** The tag that the far end put into To. */
function toTagOf(response: string): string {
  const tag = /^To:.*;tag=([^;\r]+)/im.exec(response)?.[1];
  if (tag === undefined) throw new Error(`no To tag in:\n${response}`);
  return tag;
}

describe('the SIP port', () => {
  test('answers OPTIONS with what it can do, to the port that it came from', async () => {
    raw.received.length = 0;
    raw.send(request('OPTIONS'));
    const answer = await raw.expect('SIP/2.0 200');
    expect(answer).toMatch(/^Allow:.*INVITE/im);
    expect(answer).toMatch(/^Via:.*rport=\d+/im);
  });

  test('answers OPTIONS over TCP on the same connection', async () => {
    const options = request('OPTIONS', { transport: 'TCP' });
    const answer = await tcpExchange(gateway.ports.sip, options, 15_000, (text) => text.includes('\r\n\r\n'));
    expect(answer).toMatch(/^SIP\/2\.0 200/);
  });

  test('cuts two requests in one TCP segment apart', async () => {
    const two = request('OPTIONS', { transport: 'TCP' }) + request('OPTIONS', { transport: 'TCP' });
    const count = (text: string) => text.match(/SIP\/2\.0 200/g)?.length ?? 0;
    const answers = await tcpExchange(
      gateway.ports.sip,
      `\r\n\r\n${two}`,
      15_000,
      (text) => count(text) === 2,
    );
    expect(count(answers)).toBe(2);
  });

  test('answers CANCEL with 200 and its INVITE with 487', async () => {
    raw.received.length = 0;
    const same = { branch: newBranch(), callId: `cancel-${newBranch()}` };
    raw.send(request('INVITE', { ...same, body: rawOffer(raw.localPort) }));
    raw.send(request('CANCEL', same));
    const cancelled = await raw.expect('SIP/2.0 487');
    expect(raw.received.some((text) => text.startsWith('SIP/2.0 200') && /CSeq: 1 CANCEL/i.test(text))).toBe(
      true,
    );
    const toTag = toTagOf(cancelled);
    raw.send(request('ACK', { ...same, toTag }));
  });

  test('answers a BYE of no call with 481', async () => {
    raw.received.length = 0;
    raw.send(request('BYE', { toTag: 'nobody' }));
    await raw.expect('SIP/2.0 481');
  });

  test('answers a method that it does not know with 405 or 501', async () => {
    raw.received.length = 0;
    raw.send(request('BREW'));
    const answer = await raw.expect('SIP/2.0');
    expect(answer).toMatch(/^SIP\/2\.0 (405|501)/);
  });

  test('answers an offer without a common codec with 488', async () => {
    raw.received.length = 0;
    const offer = rawOffer(raw.localPort)
      .replace('RTP/AVP 8 101', 'RTP/AVP 18')
      .replace(/a=.*\r\n/g, '');
    const same = { branch: newBranch(), callId: `codec-${newBranch()}` };
    raw.send(request('INVITE', { ...same, body: offer }));
    const answer = await raw.expect('SIP/2.0 4');
    expect(answer).toMatch(/^SIP\/2\.0 488/);
    const toTag = toTagOf(answer);
    raw.send(request('ACK', { ...same, toTag }));
  });

  test('answers a resent INVITE with the same answer and makes one call of it', async () => {
    raw.received.length = 0;
    const same = { branch: newBranch(), callId: `twice-${newBranch()}`, body: rawOffer(raw.localPort) };
    raw.send(request('INVITE', same));
    raw.send(request('INVITE', same));
    const answer = await raw.expect('SIP/2.0 200');
    const toTag = toTagOf(answer);
    // Its RTP comes to the same port.
    const tags = raw.received.filter((text) => /^SIP\/2\.0 (?!100)/.test(text)).map(toTagOf);
    expect(new Set(tags)).toEqual(new Set([toTag]));
    raw.send(request('ACK', { ...same, body: '', branch: newBranch(), toTag }));
    raw.received.length = 0;
    raw.send(request('BYE', { callId: same.callId, cseq: 2, toTag }));
    await raw.expect('SIP/2.0 200');
  });

  // Of UDP, DSCP is set by the addon, which needs a compiler, and read by Python: Node can do neither.
  test.skipIf(loadAddon() === undefined || !MarkedUdp.available)(
    'SIP bears DSCP cs3 and RTP ef, in what the phone’s kernel is given',
    async () => {
      const phone = await MarkedUdp.open(4);
      try {
        const same = { localPort: phone.port, callId: `dscp-${newBranch()}` };
        const body = rawOffer(phone.port);
        phone.send(request('INVITE', { ...same, branch: newBranch(), body }), gateway.ports.sip);
        const first = (start: string) => phone.received.find(({ text }) => text.startsWith(start));
        const answer = await vi.waitUntil(() => first('SIP/2.0 200'), 15_000);
        const inCall = { ...same, toTag: toTagOf(answer.text) };
        phone.send(request('ACK', { ...inCall, branch: newBranch() }), gateway.ports.sip);
        await vi.waitUntil(() => first('\x80'), 15_000);
        phone.send(request('BYE', { ...inCall, cseq: 2 }), gateway.ports.sip);
        await vi.waitUntil(
          () => phone.received.some(({ text }) => /^SIP[\s\S]*\r\nCSeq: 2 BYE/.test(text)),
          5000,
        );
        const marks = (start: string) =>
          new Set(phone.received.filter(({ text }) => text.startsWith(start)).map(({ tos }) => tos));
        expect([...marks('SIP/2.0')]).toEqual([24 << 2]);
        expect([...marks('\x80')]).toEqual([46 << 2]);
      } finally {
        phone.close();
      }
    },
  );

  test('takes a call of a softphone over TCP', async () => {
    const phone = await Baresip.start({
      user: '60377777777',
      tone: { hz: 440, amplitude: 8192 },
      transport: 'tcp',
    });
    try {
      // baresip adds its account's transport by itself.
      await phone.dial(gateway.sipUri('lobby'));
      phone.hangUp();
      await phone.closed();
    } finally {
      await phone.stop();
    }
  });
});

describe('a source that no trunk names', () => {
  let guarded: Gateway;

  beforeAll(async () => {
    guarded = await Gateway.start(oneTrunk({ allowed_addresses: ['127.0.0.2/32'] }));
  });

  afterAll(async () => {
    await guarded?.stop();
  });

  test('gets no reply at all over UDP, the trunk gets one', async () => {
    const stranger = await RawUdp.open(guarded.ports.sip, '127.0.0.1');
    const carrier = await RawUdp.open(guarded.ports.sip, '127.0.0.2');
    try {
      for (const method of ['OPTIONS', 'INVITE', 'REGISTER', 'BREW']) {
        stranger.send(request(method, { port: guarded.ports.sip, localPort: stranger.localPort }));
      }
      stranger.send('not SIP at all\r\n\r\n');
      // The stranger's datagrams were first: when the carrier has its answer, theirs were dealt with.
      carrier.send(request('OPTIONS', { port: guarded.ports.sip, localPort: carrier.localPort }));
      await carrier.expect('SIP/2.0 200');
      expect(stranger.received).toEqual([]);
      await eventually('drops are counted', 15_000, async () => {
        return ((await guarded.metrics()).value('trunkroom_dropped_total', { where: 'sip' }) ?? 0) >= 5;
      });
    } finally {
      stranger.close();
      carrier.close();
    }
  });

  test('gets no reply over TCP', async () => {
    const options = request('OPTIONS', { port: guarded.ports.sip, transport: 'TCP' });
    expect(await tcpExchange(guarded.ports.sip, options, 1000)).toBe('');
  });
});
