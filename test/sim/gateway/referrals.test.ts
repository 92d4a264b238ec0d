/** Phones that hand their calls on by REFER (RFC 3515), by the wire: what is allowed, what is called, what is told, who stays. */
import { describe, expect, test } from 'vitest';
import type { IncomingInvite } from '../../../src/sip/ports.ts';
import type { TransferPolicy } from '../../../src/trunk/trunk.ts';
import { VirtualCarrier } from '../../support/virtual-carrier.ts';
import { outboundTrunk } from '../../unit/trunk/trunks.ts';
import { rowWorld } from '../rows/raw-carrier.ts';

const POLICY: TransferPolicy = { trunk: 'out', numbers: ['+6012*', '1001'], maxPerCall: 2, maxAtOnce: 2 };

/** A phone's call in the room with a listener, and who it may be transferred to. */
function talking(transfers: TransferPolicy = POLICY) {
  const world = rowWorld({ trunk: { transfers }, outbound: [outboundTrunk({ numbers: ['+60388880000'] })] });
  const { carrier, gateway, pass } = world;
  const callee = new VirtualCarrier(world.net, '10.0.2.1', () => {});
  world.establish();
  const refer = (to: string, headers: readonly string[] = []) => {
    carrier.send('REFER', {
      headers: [`Contact: <sip:far@${carrier.address}>`, `Refer-To: ${to}`, ...headers],
    });
    pass(200);
    return carrier.finals('REFER').at(-1);
  };
  const people = () => [...gateway.rooms.find('lobby')!.participants.keys()].sort();
  const before = people();
  return {
    ...{ ...world, callee, refer, people, before },
    /** What the callee does with the call that rings now. */
    calleeDoes: (act: (invite: IncomingInvite) => void) => {
      act(callee.invites.at(-1)!);
      pass(200);
    },
    /** Event, state and sipfrag of each NOTIFY. */
    told: () =>
      carrier.got.flatMap(({ text }) =>
        text.startsWith('NOTIFY ')
          ? [
              ['Event', 'Subscription-State']
                .map((name) => new RegExp(`^${name}: (.*)\r$`, 'm').exec(text)?.[1])
                .concat(text.split('\r\n\r\n')[1]!.trim())
                .join(' | '),
            ]
          : [],
      ),
    results: () => gateway.events.flatMap((event) => (event.type === 'call.referred' ? [event.result] : [])),
    /** Whoever is left hangs up. */
    end: () => {
      callee.call?.bye();
      world.finish();
    },
  };
}

const NUMBER = '<sip:+60123456789@pbx.example>';

describe('a blind transfer', () => {
  test('202, NOTIFY 100, 180, 200; the callee is in the room, and the phone’s call ends by our BYE', () => {
    const world = talking();
    const { carrier, callee, refer, told, people, before, pass, gateway } = world;
    expect(refer(NUMBER, ['Referred-By: <sip:boss@pbx.example>;x=1'])).toBe(202);
    expect(carrier.last('SIP/2.0 202')).toMatch(/^Contact: <sip:10.0.0.1:5060>\r$/m);
    expect(carrier.last('NOTIFY')).toMatch(/^Content-Type: message\/sipfrag;version=2.0\r$/m);
    const { request } = callee.invites[0]!;
    // Of Refer-To the number alone: the host is our trunk's.
    expect(request.uri).toMatchObject({ user: '+60123456789', host: '10.0.2.1' });
    expect(request.from.uri.user).toBe('+60388880000');
    expect(request.header('referred-by')).toBe('<sip:boss@pbx.example>;x=1');
    world.calleeDoes((invite) => invite.progress(180));
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    expect(told()).toEqual([
      'refer | active;expires=200 | SIP/2.0 100 Trying',
      'refer | active;expires=200 | SIP/2.0 180 Ringing',
      'refer | terminated;reason=noresource | SIP/2.0 200 OK',
    ]);
    expect(people()).toEqual([...before, 'sip_+60123456789'].sort());
    expect(carrier.requests).not.toContain('BYE');
    pass(2000);
    expect(carrier.last('BYE')).toContain('transferred');
    expect(people()).toEqual(
      before
        .filter((who) => !who.includes('603'))
        .concat('sip_+60123456789')
        .sort(),
    );
    expect(gateway.events.findLast(({ type }) => type === 'call.ended')).toMatchObject({
      ending: { cause: 'transferred' },
    });
    world.end();
  });

  test('the phone hangs up itself once it is told', () => {
    const world = talking();
    const { carrier, callee, refer, people, pass } = world;
    refer(NUMBER);
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    carrier.send('BYE');
    pass(5000);
    expect(carrier.requests).not.toContain('BYE');
    expect(people()).toContain('sip_+60123456789');
    world.end();
  });

  test('the phone hangs up at once: the call goes on ringing, and its answer finds the room', () => {
    const world = talking();
    const { carrier, callee, refer, people, pass } = world;
    refer(NUMBER);
    carrier.send('BYE');
    pass(1000);
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    expect(people()).toContain('sip_+60123456789');
    expect(callee.ends).toEqual([]);
    world.end();
  });

  test.each([
    [486, 'SIP/2.0 486 Busy Here'],
    [603, 'SIP/2.0 603 Decline'],
  ])(
    'refused with %d: told, the phone stays, and may try again by a subscription of its own',
    (status, line) => {
      const world = talking();
      const { carrier, callee, refer, told, people, before, pass } = world;
      refer(NUMBER);
      world.calleeDoes((invite) => invite.reject(status));
      expect(told().at(-1)).toBe(`refer | terminated;reason=noresource | ${line}`);
      pass(5000);
      expect(people()).toEqual(before);
      expect(carrier.requests).not.toContain('BYE');
      expect(world.heardFor(500)).toBeGreaterThan(-18);
      expect(refer(NUMBER)).toBe(202);
      expect(told().at(-1)).toMatch(/^refer;id=\d+ \| active/);
      world.calleeDoes((invite) => invite.reject(status));
      expect(callee.invites).toHaveLength(2);
      world.end();
    },
  );

  test('Refer-Sub: false: agreed to, nothing is told, and the transfer goes on (RFC 4488)', () => {
    const world = talking();
    const { carrier, callee, refer, told, pass } = world;
    expect(refer(NUMBER, ['Refer-Sub: false', 'Require: norefersub'])).toBe(202);
    expect(carrier.last('SIP/2.0 202')).toMatch(/^Refer-Sub: false\r$/m);
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    pass(2500);
    expect(told()).toEqual([]);
    expect(carrier.last('BYE')).toContain('transferred');
    world.end();
  });

  test('who knows nothing of the subscription is told nothing more, and has his transfer', () => {
    const world = talking();
    const { carrier, callee, refer, told, pass } = world;
    carrier.answers.set('NOTIFY', ['481 Call/Transaction Does Not Exist']);
    refer(NUMBER);
    world.calleeDoes((invite) => invite.progress(180));
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    expect(told()).toHaveLength(1);
    pass(2500);
    expect(carrier.last('BYE')).toContain('transferred');
    world.end();
  });

  test('we end the phone’s call meanwhile: nobody is called for it any more', () => {
    const world = talking();
    const { gateway, callee, refer, pass, before } = world;
    refer(NUMBER);
    world.calleeDoes((invite) => invite.progress(180));
    const phone = before.find((who) => who.includes('603'))!;
    gateway.calls.find({ room: 'lobby', identity: phone })!.line.removed('participant_removed');
    pass(500);
    expect(callee.ends).toMatchObject([{ by: 'cancel' }]);
    world.end();
  });
});

describe('what is not followed', () => {
  test('without a policy 603', () => {
    const world = rowWorld();
    world.establish();
    world.carrier.send('REFER', { headers: ['Contact: <sip:far@10.0.1.9>', `Refer-To: ${NUMBER}`] });
    world.pass(200);
    expect(world.carrier.finals('REFER')).toEqual([603]);
    world.finish();
  });

  test('without a trunk that would place it 603, and nobody is called', () => {
    const world = talking({ ...POLICY, trunk: undefined });
    expect(world.refer(NUMBER)).toBe(603);
    expect(world.results()).toEqual(['transfers-refused']);
    expect(world.callee.invites).toEqual([]);
    world.end();
  });

  test.each([
    ['<sip:+60312345678@10.0.2.1>', 603, 'number-not-allowed'],
    ['<sip:root@evil.example>', 603, 'number-not-allowed'],
    ['<sip:evil.example>', 603, 'number-not-allowed'],
    ['<sip:+60123456789@pbx;method=BYE>', 603, 'bad-refer'],
    ['<http://pbx.example/>', 416, 'bad-refer'],
    ['<sip:', 400, 'bad-refer'],
    ['<sip:+60123456789@pbx?Replaces=x>', 400, 'bad-refer'],
  ])('%s gets %d: %s', (to, status, result) => {
    const world = talking();
    expect(world.refer(to)).toBe(status);
    expect(world.results()).toEqual([result]);
    expect(world.callee.invites).toEqual([]);
    expect(world.told()).toEqual([]);
    world.end();
  });

  test('one at a time, so many a call', () => {
    const world = talking();
    const { refer, results } = world;
    expect(refer('<tel:+60123456789>')).toBe(202);
    expect(refer(NUMBER)).toBe(491);
    world.calleeDoes((invite) => invite.reject(486));
    expect(refer('<sip:1001@pbx>')).toBe(202);
    world.calleeDoes((invite) => invite.reject(486));
    expect(refer(NUMBER)).toBe(603);
    expect(results()).toEqual([...['followed', 'transfer-pending', 'followed', 'too-many-transfers']]);
    world.end();
  });

  test('so many calls of a trunk’s transfers at once, those that stand counted', () => {
    const world = talking({ ...POLICY, maxAtOnce: 1 });
    const { callee, refer, results, carrier, pass } = world;
    refer(NUMBER);
    world.calleeDoes((invite) => {
      callee.call = invite.accept(callee.sdp);
    });
    expect(refer(NUMBER)).toBe(603);
    expect(results()).toEqual(['followed', 'too-many-transfers']);
    callee.call!.bye();
    carrier.send('BYE');
    pass(500);
    world.end();
  });

  test('what the placing trunk may not call, by its own rules', () => {
    const world = rowWorld({
      trunk: { transfers: POLICY },
      outbound: [outboundTrunk({ country: 'SG', allowedCountries: ['SG'] })],
    });
    world.establish();
    world.carrier.send('REFER', { headers: ['Contact: <sip:far@10.0.1.9>', `Refer-To: ${NUMBER}`] });
    world.pass(200);
    expect(world.carrier.finals('REFER')).toEqual([603]);
    expect(world.gateway.events.findLast(({ type }) => type === 'call.referred')).toMatchObject({
      result: 'country-not-allowed',
    });
    world.finish();
  });
});

describe('an attended transfer', () => {
  test('in the place of a call at the phone’s own exchange: the INVITE carries Replaces (RFC 5589 section 7)', () => {
    const world = talking();
    const { callee, refer, gateway } = world;
    expect(refer('<sip:1001@10.0.1.9:5070?Replaces=consult%40pbx%3Bto-tag%3Dt1%3Bfrom-tag%3Df1>')).toBe(202);
    expect(callee.invites[0]!.request.header('replaces')).toBe('consult@pbx;to-tag=t1;from-tag=f1');
    expect(gateway.events.findLast(({ type }) => type === 'call.referred')).toMatchObject({
      kind: 'attended',
    });
    world.calleeDoes((invite) => invite.reject(481));
    world.end();
  });

  test('in the place of another call with us: two rooms do not become one', () => {
    const world = talking();
    const { carrier, refer, results } = world;
    const replaces = `call-1%3Bto-tag%3D${carrier.toTag}%3Bfrom-tag%3Dfar`;
    expect(refer(`<sip:+60123456789@10.0.0.1?Replaces=${replaces}>`)).toBe(603);
    expect(results()).toEqual(['joins-two-rooms']);
    world.end();
  });
});
