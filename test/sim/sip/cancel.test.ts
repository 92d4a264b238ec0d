import { expect, test } from 'vitest';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

test('CANCEL before the answer: 200 and 487, with the same To tag; the answer that crosses it goes nowhere', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.progress(180);
  const tag = scene.ourTag;
  scene.send('CANCEL', {
    branch: 'INVITE1',
    headers: ['Reason: SIP;cause=200;text="Call completed elsewhere"'],
  });
  const call = scene.invites[0]!.accept(ANSWER);
  call.bye();
  scene.send('CANCEL', { branch: 'INVITE1' });
  scene.send('ACK', { branch: 'INVITE1', toTag: tag });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 180 INVITE
    0 > CANCEL 1
    0 < 200 CANCEL
    0 < 487 INVITE
    0 * ended cancel
    0 > CANCEL 1
    0 < 200 CANCEL
    0 > ACK 1
  `);
  for (const { message } of scene.sent.slice(1)) expect(message.to.params.get('tag')).toBe(tag);
  scene.checkNothingLeft();
});

test('CANCEL after the 200: 200, and the call goes on', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.accept(ANSWER);
  scene.send('CANCEL', { branch: 'INVITE1' });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    0 > CANCEL 1
    0 < 200 CANCEL
    0 > ACK 1
    0 * confirmed
  `);
});

test('CANCEL of nothing: 481. CANCEL by another source than the INVITE: no word, no harm', () => {
  const scene = new Scene();
  scene.send('CANCEL', { branch: 'none' });
  scene.send('INVITE', { body: OFFER });
  scene.send('CANCEL', { branch: 'INVITE1', flow: flowFrom('192.0.2.66') });
  scene.check(`
    0 > CANCEL 1
    0 < 481 CANCEL
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 > CANCEL 1
  `);
  expect(scene.drops()).toEqual({ 'foreign-source': 1 });
  scene.invites[0]!.reject(480);
  scene.checkNothingLeft();
});

test('BYE on the early dialog ends it: 200, and 487 for the INVITE', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.progress(180);
  scene.send('BYE', { toTag: scene.ourTag, cseq: 2 });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 180 INVITE
    0 > BYE 2
    0 < 200 BYE
    0 < 487 INVITE
    0 * ended bye
  `);
  scene.checkNothingLeft();
});

test('the connection closes while it rings: the call is over', () => {
  const flow = flowFrom('192.0.2.10', 40_000, 'tcp');
  const scene = new Scene({ flow });
  scene.send('INVITE', { body: OFFER });
  expect(scene.endpoint.gauges().connections).toBe(1);
  scene.endpoint.flowClosed(flow);
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 * ended transport
  `);
  expect(scene.endpoint.gauges().connections).toBe(0);
  scene.checkNothingLeft();
});
