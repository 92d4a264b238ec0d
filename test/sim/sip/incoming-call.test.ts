import { expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

test('a call: 100 at once, 180, 200, ACK, BYE', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.run(10);
  const invite = scene.invites[0]!;
  expect(invite.request).toMatchObject({
    method: 'INVITE',
    callId: 'call-1',
    contentType: 'application/sdp',
  });
  expect(invite.request.uri).toMatchObject({ scheme: 'sip', user: '600', host: '192.0.2.1' });
  expect(invite.request.from.display).toBe('Far');
  expect(invite.request.header('f')).toContain('sip:100@192.0.2.10');
  expect(fromUtf8(invite.offer!)).toBe(fromUtf8(OFFER));
  invite.progress(180);
  invite.accept(ANSWER);
  scene.run(20);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.run(5000);
  scene.send('BYE', { toTag: scene.ourTag, cseq: 2 });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    10 < 180 INVITE
    10 < 200 INVITE
    30 > ACK 1
    30 * confirmed
    5030 > BYE 2
    5030 < 200 BYE
    5030 * ended bye
  `);
  scene.checkNothingLeft();
});

test('the 200 has what it needs: Contact, Allow, body; received and rport say where the request came from', () => {
  const scene = new Scene({ flow: flowFrom('203.0.113.9', 40_001) });
  scene.send('INVITE', {
    body: OFFER,
    headers: ['Contact: <sip:100@192.0.2.10>', 'Record-Route: <sip:a;lr>, <sip:b;lr>'],
  });
  scene.invites[0]!.accept(ANSWER);
  const { last } = scene;
  expect(last.headers.get('contact')).toBe('<sip:192.0.2.1:5060>');
  expect(last.headers.get('allow')).toContain('INVITE');
  expect(last.headers.lines('record-route')).toEqual(['<sip:a;lr>, <sip:b;lr>']);
  expect(last.headers.get('content-type')).toBe('application/sdp');
  expect(fromUtf8(last.body)).toBe(fromUtf8(ANSWER));
  expect(last.headers.get('via')).toBe(
    'SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKINVITE1;received=203.0.113.9;rport=40001',
  );
});

test('100 to 200 have one To tag, and the 100 none', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.progress(183, ANSWER);
  scene.invites[0]!.accept(ANSWER);
  const tags = scene.sent.map(({ message }) => message.to.params.get('tag'));
  expect(tags[0]).toBeUndefined();
  expect(tags[1]).toBe(tags[2]);
  expect(tags[1]!.length).toBeGreaterThanOrEqual(11);
});

test('the 200 is sent again from T1 to T2 until the ACK comes late; what comes later is nothing new', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.accept(ANSWER);
  scene.run(12_000);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.run(20_000);
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    500 < 200 INVITE
    1500 < 200 INVITE
    3500 < 200 INVITE
    7500 < 200 INVITE
    11500 < 200 INVITE
    12000 > ACK 1
    12000 * confirmed
    12000 > ACK 1
  `);
});

test('no ACK in 32 s: BYE, and the application hears why', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.accept(ANSWER);
  scene.run(32_000);
  scene.respond(200, 'BYE');
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    500 < 200 INVITE
    1500 < 200 INVITE
    3500 < 200 INVITE
    7500 < 200 INVITE
    11500 < 200 INVITE
    15500 < 200 INVITE
    19500 < 200 INVITE
    23500 < 200 INVITE
    27500 < 200 INVITE
    31500 < 200 INVITE
    32000 < BYE 1
    32000 * ended ack-timeout
    32000 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('a repeated INVITE gets the last provisional answer, and after the 200 nothing from the transaction', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.run(100);
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.progress(180);
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.accept(ANSWER);
  scene.send('INVITE', { body: OFFER });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    100 > INVITE 1
    100 < 100 INVITE
    100 < 180 INVITE
    100 > INVITE 1
    100 < 180 INVITE
    100 < 200 INVITE
    100 > INVITE 1
    100 > ACK 1
    100 * confirmed
  `);
});

test('late offer: our 200 carries the offer, the ACK the answer', () => {
  const scene = new Scene();
  scene.send('INVITE');
  expect(scene.invites[0]!.offer).toBeUndefined();
  scene.invites[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1', body: OFFER });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    0 > ACK 1
    0 * confirmed with answer
  `);
});

test('a refusal is sent again until its ACK, and absorbed by timer I', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.reject(486, [['Reason', 'Q.850;cause=17']]);
  expect(scene.last.headers.get('reason')).toBe('Q.850;cause=17');
  scene.run(1600);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'INVITE1' });
  scene.run(1000);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'INVITE1' });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 486 INVITE
    500 < 486 INVITE
    1500 < 486 INVITE
    1600 > ACK 1
    2600 > ACK 1
  `);
  expect(scene.endpoint.gauges()).toMatchObject({ calls: 0, transactions: 1 });
  scene.checkNothingLeft();
});

test('BYE from our side waits for the ACK', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  const call = scene.invites[0]!.accept(ANSWER);
  call.bye([['Reason', 'Q.850;cause=16']]);
  scene.run(100);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  expect(scene.last.headers.get('reason')).toBe('Q.850;cause=16');
  scene.respond(200, 'BYE');
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    100 > ACK 1
    100 < BYE 1
    100 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('a lost BYE is sent again by timer E, and given up after 32 s', () => {
  const scene = new Scene();
  scene.establish().bye();
  scene.run(40_000);
  scene.check(`
    0 < BYE 1
    500 < BYE 1
    1500 < BYE 1
    3500 < BYE 1
    7500 < BYE 1
    11500 < BYE 1
    15500 < BYE 1
    19500 < BYE 1
    23500 < BYE 1
    27500 < BYE 1
    31500 < BYE 1
  `);
  scene.checkNothingLeft();
});

test('BYEs that cross are both answered 200', () => {
  const scene = new Scene();
  scene.establish().bye();
  scene.send('BYE', { toTag: scene.ourTag, cseq: 2 });
  scene.respond(200, 'BYE');
  scene.check(`
    0 < BYE 1
    0 > BYE 2
    0 < 200 BYE
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('a repeated BYE gets its 200 again; a new one after that 481', () => {
  const scene = new Scene();
  scene.establish();
  const tag = scene.ourTag;
  scene.send('BYE', { toTag: tag, cseq: 2 });
  scene.send('BYE', { toTag: tag, cseq: 2 });
  scene.run(31_000);
  scene.send('BYE', { toTag: tag, cseq: 2 });
  scene.send('BYE', { toTag: tag, cseq: 3 });
  scene.check(`
    0 > BYE 2
    0 < 200 BYE
    0 * ended bye
    0 > BYE 2
    0 < 200 BYE
    31000 > BYE 2
    31000 < 200 BYE
    31000 > BYE 3
    31000 < 481 BYE
  `);
  scene.checkNothingLeft();
});

test('a call that rings for long is kept alive with a provisional answer each minute', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.progress(180);
  scene.run(130_000);
  scene.invites[0]!.reject(480);
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 180 INVITE
    60000 < 180 INVITE
    120000 < 180 INVITE
    130000 < 480 INVITE
  `);
  scene.checkNothingLeft();
});

test('an INVITE that the application leaves untouched, or throws at, is refused with 500', () => {
  const scene = new Scene();
  scene.endpoint.onInvite = () => {
    throw new Error('bug');
  };
  scene.send('INVITE', { body: OFFER });
  expect(scene.last).toMatchObject({ status: 500 });
  expect(scene.faults).toHaveLength(1);
  expect(scene.endpoint.gauges().calls).toBe(0);
});
