import { expect, test } from 'vitest';
import type { OutgoingInvite } from '../../../src/sip/ports.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

function dial(scene: Scene, transport: 'udp' | 'tcp' = 'udp'): OutgoingInvite {
  return scene.endpoint.invite(
    {
      to: 'sip:100@192.0.2.10',
      from: '"Near" <sip:600@192.0.2.1>',
      next: { transport, remote: { address: '192.0.2.10', port: 5060 } },
      sdp: OFFER,
      headers: [
        ['X-Room', 'lobby'],
        ['Bad\r\nName', 'x'],
        ['X-Bad', 'a\r\nInjected: b'],
      ],
    },
    scene.outgoingHandler(),
  );
}

test('a call out: INVITE resent by timer A until a provisional answer, ACK, INFO, BYE', () => {
  const scene = new Scene();
  const call = dial(scene);
  expect(scene.last.headers.get('x-room')).toBe('lobby');
  expect(scene.last.headers.get('injected')).toBeUndefined();
  expect(scene.last.via.branch.length).toBeGreaterThanOrEqual(7 + 11);
  scene.run(2000);
  scene.respond(180, 'INVITE');
  scene.run(30_000);
  scene.respond(200, 'INVITE', { body: ANSWER });
  const statuses: number[] = [];
  call.request('INFO', 'application/dtmf-relay', OFFER, (status) => statuses.push(status));
  expect(scene.last.headers.get('content-type')).toBe('application/dtmf-relay');
  scene.respond(200, 'INFO');
  call.bye();
  scene.respond(200, 'BYE');
  expect(statuses).toEqual([200]);
  scene.check(`
    0 < INVITE 1
    500 < INVITE 1
    1500 < INVITE 1
    2000 > 180 INVITE
    2000 * progressed 180
    32000 > 200 INVITE
    32000 < ACK 1
    32000 * answered
    32000 < INFO 2
    32000 > 200 INFO
    32000 < BYE 3
    32000 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('a repeated 200 gets the same ACK again', () => {
  const scene = new Scene();
  dial(scene);
  scene.respond(200, 'INVITE', { body: ANSWER });
  const ack = scene.sent.at(-1)!;
  scene.run(500);
  scene.respond(200, 'INVITE', { body: ANSWER });
  expect(scene.sent.at(-1)!.bytes).toEqual(ack.bytes);
  scene.send('BYE', { callId: scene.last.callId, toTag: scene.last.from.params.get('tag')!, cseq: 1 });
  scene.check(`
    0 < INVITE 1
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
    500 > 200 INVITE
    500 < ACK 1
    500 > BYE 1
    500 < 200 BYE
    500 * ended bye
  `);
  scene.checkNothingLeft();
});

test('the 200 of another fork is acknowledged and hung up', () => {
  const scene = new Scene();
  dial(scene);
  scene.respond(200, 'INVITE', { toTag: 'one' });
  scene.respond(200, 'INVITE', { toTag: 'two' });
  expect(scene.last.to.params.get('tag')).toBe('two');
  scene.check(`
    0 < INVITE 1
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
    0 > 200 INVITE
    0 < ACK 1
    0 < BYE 2
  `);
  expect(scene.endpoint.gauges().calls).toBe(2);
  scene.respond(200, 'BYE');
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test('refused: ACK by the transaction, again for each repetition', () => {
  const scene = new Scene();
  dial(scene);
  scene.respond(486, 'INVITE', { headers: ['Reason: Q.850;cause=17'] });
  scene.run(500);
  scene.respond(486, 'INVITE');
  expect(scene.last).toMatchObject({ method: 'ACK', uri: 'sip:100@192.0.2.10' });
  expect(scene.last.via.branch).toBe(scene.sent[0]!.message.via.branch);
  expect(scene.last.to.params.get('tag')).toBe('far');
  scene.check(`
    0 < INVITE 1
    0 > 486 INVITE
    0 < ACK 1
    0 * ended rejected 486
    500 > 486 INVITE
    500 < ACK 1
  `);
  scene.checkNothingLeft();
});

test('nobody answers: timer B', () => {
  const scene = new Scene();
  dial(scene);
  scene.run(40_000);
  scene.check(`
    0 < INVITE 1
    500 < INVITE 1
    1500 < INVITE 1
    3500 < INVITE 1
    7500 < INVITE 1
    15500 < INVITE 1
    31500 < INVITE 1
    32000 * ended timeout
  `);
  scene.checkNothingLeft();
});

test('CANCEL waits for a provisional answer; the 487 is acknowledged, and the owner hears nothing', () => {
  const scene = new Scene();
  const call = dial(scene);
  call.cancel();
  scene.run(100);
  scene.respond(100, 'INVITE');
  expect(scene.last.via.branch).toBe(scene.sent[0]!.message.via.branch);
  expect(scene.last.to.params.has('tag')).toBe(false);
  call.cancel();
  scene.respond(200, 'CANCEL');
  scene.respond(487, 'INVITE');
  scene.check(`
    0 < INVITE 1
    100 > 100 INVITE
    100 < CANCEL 1
    100 > 200 CANCEL
    100 > 487 INVITE
    100 < ACK 1
  `);
  scene.checkNothingLeft();
});

test('a 200 that crosses our CANCEL is acknowledged and hung up', () => {
  const scene = new Scene();
  const call = dial(scene);
  scene.respond(180, 'INVITE');
  call.cancel();
  scene.respond(200, 'INVITE');
  scene.respond(481, 'CANCEL');
  scene.respond(200, 'BYE');
  scene.check(`
    0 < INVITE 1
    0 > 180 INVITE
    0 * progressed 180
    0 < CANCEL 1
    0 > 200 INVITE
    0 < ACK 1
    0 < BYE 2
    0 > 481 CANCEL
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('a CANCEL that brings no final answer is over after 64 T1', () => {
  const scene = new Scene();
  const call = dial(scene);
  scene.respond(180, 'INVITE');
  call.cancel();
  scene.respond(200, 'CANCEL');
  scene.run(32_000);
  expect(scene.endpoint.gauges()).toMatchObject({ calls: 0, transactions: 0 });
  scene.checkNothingLeft();
});

test('over TCP nothing is resent; a connection that closes ends what is being set up', () => {
  const flow = flowFrom('192.0.2.10', 5060, 'tcp');
  const scene = new Scene({ openFlow: () => flow });
  dial(scene, 'tcp');
  expect(scene.last.headers.get('contact')).toBe('<sip:192.0.2.1:5060;transport=tcp>');
  scene.run(5000);
  scene.endpoint.flowClosed(flow);
  scene.check(`
    0 < INVITE 1
    5000 * ended transport
  `);
  scene.checkNothingLeft();
});

test('no way to the next hop: told after `invite` has returned', () => {
  const scene = new Scene({ openFlow: () => undefined });
  dial(scene);
  scene.check('');
  scene.run(0);
  scene.check('0 * ended transport');
  scene.checkNothingLeft();
});

test('481 to a request in the dialog ends it (RFC 3261 section 12.2.1.2)', () => {
  const scene = new Scene();
  const call = dial(scene);
  scene.respond(200, 'INVITE');
  call.request('INFO', 'text/plain', OFFER, () => scene.note('final'));
  scene.respond(481, 'INFO');
  scene.respond(481, 'BYE');
  scene.check(`
    0 < INVITE 1
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
    0 < INFO 2
    0 > 481 INFO
    0 * final
    0 < BYE 3
    0 * ended transport
    0 > 481 BYE
  `);
  scene.checkNothingLeft();
});

test('the route set of the 200 is turned round; loose and strict routers get what they want', () => {
  const scene = new Scene();
  const call = dial(scene);
  scene.respond(200, 'INVITE', {
    headers: ['Record-Route: <sip:one.example;lr>', 'Record-Route: <sip:two.example;lr>'],
  });
  expect(scene.last.headers.lines('route')).toEqual(['<sip:two.example;lr>', '<sip:one.example;lr>']);
  expect(scene.last).toMatchObject({ method: 'ACK', uri: 'sip:100@192.0.2.10' });
  call.bye();
  const strict = new Scene();
  dial(strict);
  strict.respond(200, 'INVITE', { headers: ['Record-Route: <sip:old.example>'] });
  expect(strict.last).toMatchObject({ method: 'ACK', uri: 'sip:old.example' });
  expect(strict.last.headers.lines('route')).toEqual(['<sip:100@192.0.2.10>']);
});

test('who we call may answer and hang up although no trunk names him, and may not call', () => {
  const scene = new Scene({ admission: () => 'ignore' });
  dial(scene);
  scene.respond(200, 'INVITE');
  const { callId, from } = scene.last;
  scene.send('INVITE', { body: OFFER });
  scene.send('OPTIONS');
  const bye = { callId, toTag: from.params.get('tag')!, cseq: 1 };
  scene.send('BYE', bye);
  // The 200 was lost: the call is over, and the BYE is answered again.
  scene.run(500);
  scene.send('BYE', bye);
  scene.send('OPTIONS', { cseq: 2 });
  scene.run(32_000);
  scene.send('BYE', { ...bye, cseq: 2 });
  scene.check(`
    0 < INVITE 1
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
    0 > INVITE 1
    0 > OPTIONS 1
    0 > BYE 1
    0 < 200 BYE
    0 * ended bye
    500 > BYE 1
    500 < 200 BYE
    500 > OPTIONS 2
    32500 > BYE 2
  `);
  expect(scene.drops()).toEqual({ 'not-admitted': 4 });
  scene.checkNothingLeft();
});
