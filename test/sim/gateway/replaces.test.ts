/** INVITEs that take the place of a call (RFC 3891), by the wire: who may, what the new call is, what becomes of the old one. */
import { expect, test } from 'vitest';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { RawCarrier, rowWorld } from '../rows/raw-carrier.ts';

const ALLOWED: Partial<InboundTrunk> = {
  allowedAddresses: ['10.0.1.9', '10.0.1.7'],
  transfers: { trunk: undefined, numbers: [], maxPerCall: 3, maxAtOnce: 10 },
};

/** A call in the room, and another phone that would have its place. */
function talking(trunk: Partial<InboundTrunk> = ALLOWED, address = '10.0.1.7') {
  const world = rowWorld({ trunk });
  const { carrier, gateway, net, pass } = world;
  world.establish();
  const desk = new RawCarrier(net, address);
  desk.callId = 'desk@pbx';
  const own = `call-1;to-tag=${carrier.toTag};from-tag=far`;
  const take = (replaces: string | readonly string[] = own) => {
    const values = typeof replaces === 'string' ? [replaces] : replaces;
    const headers = [`Contact: <sip:desk@${address}>`, ...values.map((value) => `Replaces: ${value}`)];
    desk.send('INVITE', { sdp: desk.sdp(), headers, uri: 'sip:10.0.0.1:5060' });
    pass(300);
    const status = desk.finals('INVITE').at(-1);
    if (status === 200) desk.send('ACK', { cseq: 1 });
    pass(200);
    return status;
  };
  const people = () => [...gateway.rooms.find('lobby')!.participants.values()];
  return {
    ...{ ...world, desk, own, take, people },
    refusals: () => gateway.events.flatMap((event) => (event.type === 'call.refused' ? [event.reason] : [])),
    end: () => {
      if (desk.toTag !== '') desk.send('BYE');
      world.finish();
    },
  };
}

test('the new call is in the room of the old one with its attributes, and the old one gets BYE', () => {
  const { carrier, desk, take, people, gateway, end } = talking({
    ...ALLOWED,
    headers: {
      headers: {},
      headersToAttributes: {},
      attributesToHeaders: {},
      includeHeaders: 'none',
    },
  });
  const old = people().find(({ attributes }) => attributes.get('sip.trunkID') === 'odd')!;
  old.attributes.set('team', 'red');
  expect(take()).toBe(200);
  expect(carrier.requests).toEqual(['BYE']);
  expect(carrier.last('BYE')).toContain('replaced: another call took its place');
  const now = people().filter(({ attributes }) => attributes.get('sip.trunkID') === 'odd');
  expect(now).toHaveLength(1);
  expect(now[0]!.sid).not.toBe(old.sid);
  expect(Object.fromEntries(now[0]!.attributes)).toMatchObject({
    ...{ team: 'red', 'sip.ruleID': 'all', 'sip.trunkPhoneNumber': 'lobby' },
    ...{ 'sip.phoneNumber': '+60312345678', 'sip.callStatus': 'active' },
  });
  expect(now[0]!.attributes.get('sip.callID')).not.toBe(old.attributes.get('sip.callID'));
  expect(gateway.events.findLast(({ type }) => type === 'call.ended')).toMatchObject({
    ending: { cause: 'replaced' },
  });
  expect(desk.requests).toEqual([]);
  end();
});

test('a call that was put on hold for the consultation: who takes its place is not on hold', () => {
  const { carrier, desk, pass, take, people, end } = talking();
  carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8', 'a=sendonly']) });
  pass(100);
  carrier.send('ACK', { cseq: 2 });
  pass(100);
  const isHeld = () => people().some(({ attributes }) => attributes.has('sip.onHold'));
  expect(isHeld()).toBe(true);
  carrier.talk = undefined;
  expect(take()).toBe(200);
  expect(isHeld()).toBe(false);
  expect(desk.rtp.length).toBeGreaterThan(5);
  end();
});

test.each([
  ['another tag of ours', 'call-1;to-tag=x;from-tag=far', 481, 'no-replaced-call'],
  ['another tag of theirs', (own: string) => own.replace('=far', '=x'), 481, 'no-replaced-call'],
  [
    'both tags changed about',
    (own: string) => own.replace('to-tag', 'x').replace('from-tag', 'to-tag').replace(';x', ';from-tag'),
    481,
    'no-replaced-call',
  ],
  ['another call', (own: string) => own.replace('call-1', 'call-2'), 481, 'no-replaced-call'],
  ['only if it rings', (own: string) => `${own};early-only`, 486, 'replaced-answered'],
  ['no tags', 'call-1', 400, 'bad-replaces'],
])('%s: refused, and the call goes on', (_what, replaces, status, reason) => {
  const { own, take, refusals, carrier, heardFor, end } = talking();
  expect(take(typeof replaces === 'string' ? replaces : replaces(own))).toBe(status);
  expect(refusals()).toEqual([reason]);
  expect(carrier.requests).toEqual([]);
  expect(heardFor(500)).toBeGreaterThan(-18);
  end();
});

test('two at once: 400', () => {
  const { own, take, end } = talking();
  expect(take([own, own])).toBe(400);
  end();
});

test('a call that has ended: 603', () => {
  const { take, carrier, pass, refusals, end } = talking();
  carrier.talk = undefined;
  carrier.send('BYE');
  pass(3000);
  expect(take()).toBe(603);
  expect(refusals()).toEqual(['replaced-ended']);
  end();
});

test('a trunk that allows no transfers: 603', () => {
  const { take, refusals, carrier, end } = talking({ allowedAddresses: ['10.0.1.9', '10.0.1.7'] });
  expect(take()).toBe(603);
  expect(refusals()).toEqual(['transfers-refused']);
  expect(carrier.requests).toEqual([]);
  end();
});

test('from where the call’s trunk is not: it learns nothing, and nothing happens', () => {
  const { take, carrier, end } = talking({ ...ALLOWED, allowedAddresses: ['10.0.1.9'] });
  expect(take()).toBe(603);
  expect(carrier.requests).toEqual([]);
  end();
});

test('at the trunk’s max_calls it is let in all the same; a call of its own is not, and who comes second is none', () => {
  const { carrier, desk, own, net, pass, gateway, refusals, end } = talking({
    ...ALLOWED,
    maxCalls: 1,
    allowedAddresses: ['10.0.1.9', '10.0.1.7', '10.0.1.6'],
  });
  const other = new RawCarrier(net, '10.0.1.6');
  const call = (from: RawCarrier, callId: string, replaces: readonly string[]) => {
    from.callId = callId;
    from.send('INVITE', {
      ...{ cseq: 1, sdp: from.sdp(), branch: callId },
      headers: [`Contact: <sip:desk@${from.address}>`, ...replaces.map((each) => `Replaces: ${each}`)],
    });
  };
  call(other, 'stranger', []);
  pass(300);
  expect(refusals()).toEqual(['trunk-limit']);
  // At the same moment: the place is one.
  call(desk, 'first', [own]);
  call(other, 'second', [own]);
  pass(300);
  expect(desk.finals('INVITE')).toEqual([200]);
  expect(carrier.requests).toEqual(['BYE']);
  desk.send('ACK', { cseq: 1 });
  expect(refusals()).toEqual(['trunk-limit', 'trunk-limit']);
  pass(3000);
  // It has the old one's place, and there is none beside it.
  call(other, 'third', []);
  pass(300);
  expect(refusals()).toHaveLength(3);
  desk.send('BYE');
  pass(3000);
  call(other, 'fourth', []);
  pass(300);
  expect(refusals()).toHaveLength(3);
  other.send('ACK', { cseq: 1 });
  other.send('BYE', { cseq: 2, toTag: /^To:.*;tag=([^;\r]+)/m.exec(other.last('SIP/2.0 200'))![1]! });
  pass(3000);
  expect(gateway.door.size).toBe(1);
  desk.callId = 'over';
  end();
});
