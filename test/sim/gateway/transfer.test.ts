/** Phones that are handed on by REFER (RFC 3515, RFC 5589), by the wire: what goes out, what comes of it, who stays. */
import { describe, expect, test } from 'vitest';
import type { TransferRequest } from '../../../src/call/phone-calls.ts';
import { RawCarrier, rowWorld } from '../rows/raw-carrier.ts';

/** A carrier's call in the room, and what whoever transfers it hears. */
function talking() {
  const world = rowWorld();
  const { carrier, gateway, pass } = world;
  carrier.answers.set('REFER', ['202 Accepted']);
  world.establish();
  const identity = [...gateway.rooms.find('lobby')!.participants.keys()].find((each) => /\+603/.test(each))!;
  const phone = { room: 'lobby', identity };
  const heard: string[] = [];
  const transfer = (request: TransferRequest = { to: '+60399999999' }) => {
    const begun = gateway.calls.transfer(phone, request, {
      progress: (status) => heard.push(`${status}`),
      over: (outcome) =>
        heard.push(outcome.ok ? `ok ${outcome.status} ${outcome.by}` : `${outcome.reason} ${outcome.status}`),
    });
    pass(100);
    return begun;
  };
  let branch = 0;
  const notify = (status: string, state: string, headers: readonly string[] = []) => {
    carrier.send('NOTIFY', {
      branch: `notify${++branch}`,
      headers: [
        ...['Event: refer', `Subscription-State: ${state}`, `Contact: <sip:far@${carrier.address}>`],
        ...headers,
      ],
      ...(status === '' ? {} : { body: ['message/sipfrag;version=2.0', `SIP/2.0 ${status}\r\n`] as const }),
    });
    pass(100);
    return carrier.finals('NOTIFY').at(-1);
  };
  const isThere = () => gateway.rooms.find('lobby')!.participants.has(identity);
  const events = () =>
    gateway.events.flatMap((event) => (event.type === 'call.transferred' ? [event.result] : []));
  return { ...world, phone, heard, transfer, notify, isThere, events };
}

describe('blind transfer', () => {
  test('REFER, 202, NOTIFY 100, 180, 200: the new call stands, ours ends by BYE', () => {
    const { carrier, transfer, notify, heard, isThere, events, pass, gateway, finish } = talking();
    expect(transfer({ to: '+60 399 999 999', headers: { 'X-Why': 'sales' } })).toEqual({
      ok: true,
      value: undefined,
    });
    const refer = carrier.last('REFER');
    expect(refer).toMatch(/^Refer-To: <sip:\+60399999999@10.0.1.9>\r$/m);
    expect(refer).toMatch(/^Referred-By: <sip:lobby@10.0.0.1>\r$/m);
    expect(refer).toMatch(/^Contact: <sip:10.0.0.1:5060>\r$/m);
    expect(refer).toMatch(/^X-Why: sales\r$/m);
    expect(notify('100 Trying', 'active;expires=60')).toBe(200);
    expect(notify('180 Ringing', 'active')).toBe(200);
    expect(isThere()).toBe(true);
    expect(notify('200 OK', 'terminated;reason=noresource')).toBe(200);
    pass(100);
    expect(heard).toEqual(['100', '180', 'ok 200 notify']);
    expect(carrier.requests).toEqual(['REFER', 'BYE']);
    expect(carrier.last('BYE')).toContain('cause=16');
    expect(isThere()).toBe(false);
    expect(events()).toEqual(['transferred']);
    expect(gateway.events.findLast(({ type }) => type === 'call.ended')).toMatchObject({
      ending: { cause: 'transferred' },
    });
    finish();
  });

  test.each([
    ['486 Busy Here', 'terminated;reason=noresource', 'failed 486'],
    ['100 Trying', 'terminated;reason=giveup', 'no-result 487'],
    ['', 'terminated', 'no-result 487'],
  ])('it fails with %s, %s: the call goes on, and may be tried again', (status, state, result) => {
    const { transfer, notify, heard, isThere, heardFor, carrier, finish } = talking();
    transfer();
    expect(notify(status, state)).toBe(200);
    expect(heard).toEqual([result]);
    expect(isThere()).toBe(true);
    expect(heardFor(500)).toBeGreaterThan(-18);
    // The subscription is over: what comes after it finds none (RFC 6665 section 4.1.3).
    expect(notify('200 OK', 'active')).toBe(481);
    expect(transfer()).toMatchObject({ ok: true });
    expect(carrier.requests).toEqual(['REFER', 'REFER']);
    notify('200 OK', 'terminated', []);
    finish();
  });

  test('refused: the call goes on', () => {
    const { carrier, transfer, heard, isThere, heardFor, finish } = talking();
    carrier.answers.set('REFER', ['603 Decline']);
    transfer();
    expect(heard).toEqual(['refused 603']);
    expect(isThere()).toBe(true);
    expect(heardFor(500)).toBeGreaterThan(-18);
    finish();
  });

  test('Refer-Sub: false in the 202: nothing more will be told, and we leave (RFC 4488 section 4)', () => {
    const { carrier, transfer, heard, isThere, finish } = talking();
    carrier.answers.set('REFER', ['202 Accepted', 'Refer-Sub: false']);
    transfer();
    expect(heard).toEqual(['ok 202 no-subscription']);
    expect(isThere()).toBe(false);
    finish();
  });

  test('no NOTIFY for 32 s after the 202: given up, and the call goes on', () => {
    const { transfer, heard, isThere, pass, notify, finish } = talking();
    transfer();
    pass(31_000);
    expect(heard).toEqual([]);
    pass(1500);
    expect(heard).toEqual(['no-notify 408']);
    expect(isThere()).toBe(true);
    expect(notify('200 OK', 'active')).toBe(481);
    finish();
  });

  test('it rings too long: given up, and the call goes on', () => {
    const { transfer, notify, heard, isThere, pass, finish } = talking();
    transfer({ to: '200', timeoutMs: 5000 });
    notify('180 Ringing', 'active');
    pass(5000);
    expect(heard).toEqual(['180', 'timeout 408']);
    expect(isThere()).toBe(true);
    finish();
  });

  test('the far end takes the REFER and hangs up: that is the transfer', () => {
    const { carrier, transfer, notify, heard, isThere, pass, finish } = talking();
    transfer();
    notify('100 Trying', 'active');
    carrier.send('BYE');
    pass(100);
    expect(heard).toEqual(['100', 'ok 200 bye']);
    expect(isThere()).toBe(false);
    finish();
  });

  test('our side ends the call meanwhile', () => {
    const { gateway, transfer, heard, pass, finish } = talking();
    transfer();
    gateway.door.stop();
    pass(100);
    expect(heard).toEqual(['call-ended 487']);
    finish();
  });

  test('one at a time; not to what is no target; only phones that are there', () => {
    const { transfer, gateway, finish } = talking();
    for (const to of ['', 'http://example.org', 'sip:a b', 'sip:a@b?Replaces=x', 'sip:@b', 'tel:', 'a@b'])
      expect(transfer({ to }), to).toEqual({ ok: false, error: 'bad-target' });
    expect(transfer()).toMatchObject({ ok: true });
    expect(transfer()).toEqual({ ok: false, error: 'already-transferring' });
    const nobody = gateway.calls.transfer({ room: 'lobby', identity: 'x' }, { to: '200' }, { over() {} });
    expect(nobody).toEqual({ ok: false, error: 'no-such-call' });
    finish();
  });

  test('URIs go as they are, numbers to the far end’s host', () => {
    for (const [to, uri] of [
      ['tel:+60399999999', 'tel:+60399999999'],
      ['sip:200@pbx.example:5080;user=phone', 'sip:200@pbx.example:5080;user=phone'],
      ['*8#', 'sip:*8%23@10.0.1.9'],
      ['reception', 'sip:reception@10.0.1.9'],
    ] as const) {
      const { carrier, transfer, finish } = talking();
      transfer({ to });
      expect(carrier.last('REFER')).toContain(`Refer-To: <${uri}>\r\n`);
      finish();
    }
  });
});

describe('NOTIFYs (RFC 6665)', () => {
  test('each subscription by the number of its REFER', () => {
    const { carrier, transfer, notify, heard, finish } = talking();
    const id = () => /^CSeq: (\d+)/m.exec(carrier.last('REFER'))![1]!;
    transfer();
    const first = id();
    expect(notify('486 Busy Here', 'active', [`Event: refer;id=${first}`].slice(1))).toBe(200);
    transfer();
    const second = id();
    expect(second).not.toBe(first);
    const named = (status: string, state: string, which: string) => {
      carrier.send('NOTIFY', {
        headers: [`Event: refer;id=${which}`, `Subscription-State: ${state}`],
        body: ['message/sipfrag', `SIP/2.0 ${status}\r\n`],
      });
      return carrier;
    };
    named('486 Busy Here', 'terminated', first);
    named('180 Ringing', 'active', second);
    finish();
    expect(heard.slice(0, 2)).toEqual(['failed 486', '180']);
  });

  test('without a transfer 481; of what is no fragment 415 or 400; without a state 400', () => {
    const { carrier, transfer, notify, pass, finish } = talking();
    expect(notify('200 OK', 'active')).toBe(481);
    transfer();
    const send = (headers: string[], body: readonly [string, string]) => {
      carrier.send('NOTIFY', { headers: ['Event: refer', ...headers], body });
      pass(100);
      return carrier.finals('NOTIFY').at(-1);
    };
    const active = ['Subscription-State: active'];
    expect(send(active, ['text/plain', 'x'])).toBe(415);
    expect(send(active, ['message/sipfrag', 'x'])).toBe(400);
    expect(send([], ['message/sipfrag', 'SIP/2.0 200 OK'])).toBe(400);
    finish();
  });

  test('after the final one: 200 until it says terminated, then 481; told once', () => {
    const { transfer, notify, heard, finish } = talking();
    transfer();
    expect(notify('503 Service Unavailable', 'active')).toBe(200);
    expect(notify('503 Service Unavailable', 'terminated')).toBe(200);
    expect(notify('503 Service Unavailable', 'terminated')).toBe(481);
    expect(heard).toEqual(['failed 503']);
    finish();
  });
});

test('attended transfer: the REFER names the dialog of the other phone (RFC 3891, RFC 5589 section 7)', () => {
  const { carrier, gateway, net, phone, transfer, notify, heard, pass, finish } = talking();
  const consulted = new RawCarrier(net, '10.0.1.7');
  consulted.callId = 'consult@call';
  consulted.send('INVITE', {
    sdp: consulted.sdp(),
    headers: ['Contact: <sip:desk@10.0.1.7:5070>'],
    uri: 'sip:consult@10.0.0.1',
  });
  pass(200);
  consulted.send('ACK', { cseq: 1 });
  pass(100);
  const [identity] = [...gateway.rooms.find('consult')!.participants.keys()];
  expect(transfer({ attended: phone })).toEqual({ ok: false, error: 'bad-target' });
  expect(transfer({ attended: { room: 'consult', identity: identity! } })).toMatchObject({ ok: true });
  const tag = consulted.toTag;
  expect(carrier.last('REFER')).toContain(
    `Refer-To: <sip:desk@10.0.1.7:5070?Replaces=consult%40call%3Bto-tag%3Dfar%3Bfrom-tag%3D${tag}>\r\n`,
  );
  notify('200 OK', 'terminated');
  expect(heard).toEqual(['ok 200 notify']);
  // Who takes the replacing call ends the replaced one himself.
  expect(consulted.requests).toEqual([]);
  consulted.send('BYE');
  pass(100);
  finish();
});
