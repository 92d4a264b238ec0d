import { describe, expect, it } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { DigestGuard } from '../../../src/sip/digest/guard.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import { toneLevels } from '../../support/tones.ts';
import { outboundTrunk, target } from '../../unit/trunk/trunks.ts';
import { answering, carrierLevel, refusing, world } from './outbound-world.ts';

describe('an outbound call', () => {
  it('rings, is answered, talks with the room and is hung up by the far end', () => {
    const { carrier, phone, place, pass, heard, gateway, settle } = world();
    const caller = phone();
    caller.dial('lobby');
    pass(1000);
    const far = carrier(answering);
    const placed = place(
      { displayName: 'Help "Desk"', headers: { 'X-Call': '7' }, attributes: new Map([['team', 'red']]) },
      {
        numbers: ['+60312345678', '+60312345679'],
        fromHost: 'pbx.example',
        callerIdentity: { header: 'asserted', privacy: 'none' },
        headers: {
          ...outboundTrunk().headers,
          headers: { 'X-Fix': '1', 'X-Call': '6' },
          attributesToHeaders: { team: 'X-Team' },
        },
      },
    );
    expect(placed).toMatchObject({ ok: true, value: { identity: 'sip_+60123456789' } });
    pass(3000);
    expect(heard).toEqual(['ringing', 'answered']);
    const { request } = far.invites[0]!;
    expect(request.uri).toMatchObject({ user: '+60123456789', host: '10.0.2.1' });
    expect(request.from).toMatchObject({
      display: 'Help "Desk"',
      uri: { user: '+60312345678', host: 'pbx.example' },
    });
    expect(['X-Fix', 'X-Call', 'X-Team'].map((name) => request.header(name))).toEqual(['1', '7', 'red']);
    expect(request.header('p-asserted-identity')).toContain('<sip:+60312345678@pbx.example>');
    expect(far.confirmed).toBe(1);
    expect(carrierLevel(caller)).toBeGreaterThan(-20);
    expect(toneLevels(far.handset.recording(1000), 8000, [440])[0]).toBeGreaterThan(-20);
    const inside = gateway.rooms.find('lobby')!.participants.get('sip_+60123456789')!;
    expect(Object.fromEntries(inside.attributes)).toMatchObject({
      'sip.callStatus': 'active',
      'sip.trunkID': 'out',
      'sip.phoneNumber': '+60123456789',
      'sip.trunkPhoneNumber': '+60312345678',
    });
    far.call!.bye();
    pass(1000);
    expect(heard).toEqual(['ringing', 'answered', 'over bye 3']);
    caller.hangUp();
    settle();
  });

  it('lets the room hear what is played before the answer', () => {
    const { carrier, phone, place, pass, heard } = world();
    const caller = phone();
    caller.dial('lobby');
    pass(1000);
    const far = carrier((invite, one) => {
      invite.progress(183, one.sdp);
      one.isSpeaking = true;
    });
    place();
    pass(3000);
    expect(heard).toEqual(['ringing']);
    expect(carrierLevel(caller)).toBeGreaterThan(-20);
    // The 200 need not say it again.
    far.invites[0]!.accept(new Uint8Array(0));
    pass(1000);
    expect(heard).toEqual(['ringing', 'answered']);
    expect(carrierLevel(caller)).toBeGreaterThan(-20);
  });

  it('presses keys after the answer', () => {
    const { carrier, place, pass } = world();
    const far = carrier(answering);
    place({ dtmf: '1w#' });
    pass(3000);
    const keys = far.handset.received.filter(({ payloadType }) => payloadType === 101);
    const [one, other, ...more] = [...new Set(keys.map(({ timestamp }) => timestamp))];
    expect(more).toEqual([]);
    // 120 ms pressed, 120 ms let go, half a second of waiting, on the grid of frames; 8 samples a millisecond.
    expect(((other! - one!) >>> 0) / 8).toBeGreaterThanOrEqual(740);
  });

  it('hides the number that is called where that is asked for', () => {
    const { carrier, place, pass, gateway } = world();
    carrier(answering);
    place({ hidePhoneNumber: true });
    pass(1000);
    const [inside] = [...gateway.rooms.find('lobby')!.participants.values()];
    expect(JSON.stringify([inside, ...inside!.attributes])).not.toContain('123456789');
  });
});

describe('a call that is not answered', () => {
  it.each([
    ['busy', 486, 'Q.850;cause=17', { cause: 'busy', sipStatus: 486, q850: 17 }],
    ['a cause after another', 480, 'SIP;cause=480, Q.850;cause=20', { cause: 'unavailable', q850: 20 }],
    ['the cause says more', 404, 'Q.850;cause=3;text="no route"', { sipStatus: 404, q850: 3 }],
    ['no cause', 603, undefined, { cause: 'declined', sipStatus: 603, q850: 21 }],
    ['a redirection is not followed', 302, undefined, { cause: 'rejected', sipStatus: 302 }],
    ['no such codec', 488, undefined, { cause: 'no-common-codec', sipStatus: 488 }],
  ])('%s', (_name, status, reason, ending) => {
    const { carrier, place, pass, heard, endings, settle, events } = world();
    carrier(refusing(status, reason));
    place();
    pass(1000);
    expect(heard).toHaveLength(1);
    expect(endings[0]).toMatchObject(ending);
    expect(events('call.ended')).toMatchObject([{ ending }]);
    settle();
  });

  it('is given up after its ringing time', () => {
    const { carrier, place, pass, heard, settle } = world();
    const far = carrier((invite) => invite.progress(180));
    place({ ringingTimeoutMs: 5000 });
    pass(4980);
    expect(heard).toEqual(['ringing']);
    pass(1100);
    expect(heard).toEqual(['ringing', 'over ringing-timeout 0']);
    expect(far.ends).toMatchObject([{ by: 'cancel' }]);
    settle();
  });

  it('a 200 that crosses our CANCEL is acknowledged and hung up', () => {
    const { net, carrier, place, pass, heard, settle } = world();
    net.weather = { delayMs: 50, jitterMs: 0, loss: 0, duplicates: 0 };
    const far = carrier((invite) => invite.progress(180));
    place({ ringingTimeoutMs: 5000 });
    pass(5000);
    // Our CANCEL is on its way.
    far.invites[0]!.accept(far.sdp);
    pass(2000);
    expect(heard).toEqual(['ringing', 'over ringing-timeout 0']);
    expect(far.confirmed).toBe(1);
    expect(far.ends).toMatchObject([{ by: 'bye' }]);
    settle();
  });

  it('is cancelled by who placed it, before and after the answer', () => {
    const { carrier, place, pass, heard, settle } = world();
    const far = carrier((invite) => invite.progress(180));
    const placed = place();
    pass(500);
    if (placed.ok) placed.value.hangUp();
    pass(500);
    expect(heard).toEqual(['ringing', 'over removed-from-room 0']);
    expect(far.ends).toMatchObject([{ by: 'cancel' }]);
    const again = place();
    pass(500);
    far.invites[1]!.accept(far.sdp);
    pass(1000);
    if (again.ok) again.value.hangUp();
    pass(500);
    expect(far.ends[1]).toMatchObject({ by: 'bye' });
    settle();
  });

  it('ends when the gateway stops, and none is begun then', () => {
    const { carrier, place, pass, heard, gateway, settle } = world();
    const far = carrier((invite) => invite.progress(180));
    place();
    pass(500);
    gateway.dialer.stop();
    pass(500);
    expect(heard).toEqual(['ringing', 'over stopping 0']);
    expect(far.ends).toMatchObject([{ by: 'cancel' }]);
    expect(place()).toEqual({ ok: false, error: 'stopping' });
    settle();
  });

  it('ends when its media would go to where they may not', () => {
    const { carrier, place, pass, endings, settle } = world();
    const far = carrier(answering, { media: '127.0.0.1' });
    place();
    pass(1000);
    expect(endings[0]).toMatchObject({ cause: 'bad-media-address' });
    expect(far.ends).toMatchObject([{ by: 'bye' }]);
    settle();
  });
});

describe('several targets', () => {
  it('one after the other: silent, overloaded, not to be found; the one that takes it keeps it', () => {
    const { carrier, place, pass, heard, events, gateway, settle } = world();
    const overloaded = carrier(refusing(503));
    const good = carrier((invite) => invite.reject(486));
    const last = carrier(answering);
    place(
      {},
      {
        targets: [
          target('nowhere', { priority: 1 }),
          target('10.0.9.9', { priority: 2 }),
          target('10.0.2.1', { priority: 3 }),
          target('10.0.2.2', { priority: 4 }),
          target('10.0.2.3', { priority: 5 }),
        ],
      },
    );
    pass(3900);
    expect(heard).toEqual([]);
    pass(2000);
    expect(overloaded.invites).toHaveLength(1);
    expect(good.invites).toHaveLength(1);
    expect(last.invites).toHaveLength(0);
    expect(heard).toEqual(['over busy 0']);
    expect(new Set(gateway.hops)).toEqual(new Set(['failed 10.0.9.9', 'failed 10.0.2.1', 'worked 10.0.2.2']));
    expect(events('call.unreachable')).toMatchObject([
      { target: '10.0.9.9:5060', reason: 'sip-timeout' },
      { target: '10.0.2.1:5060', reason: 'rejected' },
    ]);
    settle();
  });

  it('none left: the last one\u2019s word', () => {
    const { carrier, place, pass, endings, settle } = world();
    carrier(refusing(503, 'Q.850;cause=34'));
    place();
    pass(1000);
    expect(endings).toMatchObject([{ cause: 'rejected', sipStatus: 503, q850: 34 }]);
    settle();
    const nowhere = world();
    nowhere.place({}, { targets: [target('nowhere')] });
    nowhere.pass(1000);
    expect(nowhere.endings).toMatchObject([{ cause: 'transport-lost' }]);
    nowhere.settle();
  });

  it('a target that rings is not left for another', () => {
    const { carrier, place, pass, heard, settle } = world();
    carrier((invite) => {
      invite.progress(180);
      invite.reject(503);
    });
    const second = carrier(answering);
    place({}, { targets: [target('10.0.2.1', { priority: 1 }), target('10.0.2.2', { priority: 2 })] });
    pass(6000);
    expect(heard).toEqual(['ringing', 'over rejected 0']);
    expect(second.invites).toHaveLength(0);
    settle();
  });

  it('a target that was given up may answer late: it is hung up and nobody hears of it', () => {
    const { net, carrier, place, pass, heard, settle } = world();
    const slow = carrier((invite, one) => {
      net.queue.schedule(net.now() + 1000, () => {
        one.call = invite.accept(one.sdp);
      });
    });
    // Nothing at all arrives there for longer than its time: its 100 comes too late.
    net.weather = { delayMs: 2500, jitterMs: 0, loss: 0, duplicates: 0 };
    place({}, { targets: [target('10.0.2.1', { priority: 1 }), target('nowhere', { priority: 2 })] });
    pass(20_000);
    expect(heard).toEqual(['over sip-timeout 0']);
    expect(slow.ends).toMatchObject([{ by: expect.stringMatching(/^(?:cancel|bye)$/) }]);
    settle();
  });
});

describe('credentials', () => {
  const AUTH = { id: 'x', username: 'u', password: 'p', realm: 'carrier', algorithms: ['SHA-256'] as const };

  function guarded(account: OutboundTrunk['account']) {
    const all = world();
    const far = all.carrier(answering);
    const guard = new DigestGuard(nodeDigests, all.net.random);
    far.endpoint.authorize = (request) => {
      const verdict = guard.check(request, AUTH, all.net.now());
      return verdict.ok ? undefined : { status: 401, headers: verdict.challenges };
    };
    all.place({}, { account });
    all.pass(3000);
    return all;
  }

  it('answer the carrier\u2019s challenge', () => {
    expect(guarded({ username: 'u', password: 'p', realms: ['carrier'] }).heard).toEqual([
      'ringing',
      'answered',
    ]);
  });

  it.each([
    ['wrong ones', 'carrier', 'guess', 'refused'],
    ['another realm', 'ours', 'p', 'foreign-realm'],
  ])('%s: the call ends, and the log says why', (_name, realm, password, reason) => {
    const { endings, events } = guarded({ username: 'u', password, realms: [realm] });
    expect(endings).toMatchObject([{ cause: 'rejected', sipStatus: 401 }]);
    expect(events('trunk.withheld')).toEqual([
      { type: 'trunk.withheld', trunk: 'out', reason, realm: 'carrier' },
    ]);
  });

  it('none given: none sent', () => {
    expect(guarded(undefined).endings).toMatchObject([{ sipStatus: 401 }]);
  });
});

describe('orders that are refused', () => {
  it.each([
    ['bad-number', { to: 'a b' }, {}],
    ['bad-number', { to: 'x\r\nVia: y' }, {}],
    ['bad-caller', { from: '+6011' }, { numbers: ['+60312345678'] }],
    ['bad-caller', { from: 'a b' }, {}],
    ['bad-digits', { dtmf: '1;2' }, {}],
    ['trunk-disabled', {}, { enabled: false }],
    ['join-failure', { room: '' }, {}],
  ])('%s', (error, order, trunk) => {
    const { place, gateway, settle } = world();
    expect(place(order, trunk)).toEqual({ ok: false, error });
    expect(gateway.events).toMatchObject([{ type: 'call.not-placed', trunk: 'out', reason: error }]);
    settle();
  });

  it('one of its numbers, however it is written, is the trunk\u2019s', () => {
    const { place } = world();
    expect(place({ from: '0312345678' }, { numbers: ['+60312345678'], country: 'MY' }).ok).toBe(true);
  });

  it('too many at once, too many a second; a place comes back', () => {
    const { carrier, place, pass } = world();
    carrier(refusing(486));
    expect(place({}, { maxCalls: 1 }).ok).toBe(true);
    expect(place({}, { maxCalls: 1 })).toEqual({ ok: false, error: 'trunk-limit' });
    pass(2000);
    expect(place({}, { maxCalls: 1 }).ok).toBe(true);
    expect(place({}, { id: 'b', callsPerSecond: 1 }).ok).toBe(true);
    expect(place({}, { id: 'b', callsPerSecond: 1 })).toEqual({ ok: false, error: 'trunk-rate' });
  });
});
