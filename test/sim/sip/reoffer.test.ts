import { expect, test } from 'vitest';
import type { OfferSettlement } from '../../../src/sip/ports.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

/** An established call whose application keeps what it is asked. */
function established(): { scene: Scene; tag: string; settles: OfferSettlement[]; call: { bye(): void } } {
  const scene = new Scene();
  const settles: OfferSettlement[] = [];
  const call = scene.establish();
  scene.invites[0]!.handler = scene.handler({
    reoffered: (request, offer, settle) => {
      scene.note(`${request.method} reoffered${offer === undefined ? ' nothing' : ''}`);
      settles.push(settle);
    },
  });
  return { scene, tag: scene.ourTag, settles, call };
}

test('a re-INVITE is settled now or later, its 200 resent until the ACK', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  scene.run(100);
  settles[0]!.accept(ANSWER);
  settles[0]!.reject(488);
  scene.run(500);
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'ack2' });
  scene.run(5000);
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered
    100 < 200 INVITE
    600 < 200 INVITE
    600 > ACK 2
  `);
});

test('a refused re-INVITE leaves the call as it was', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  settles[0]!.reject(488);
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'INVITE2' });
  scene.send('OPTIONS', { toTag: tag, cseq: 3 });
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered
    0 < 488 INVITE
    0 > ACK 2
    0 > OPTIONS 3
    0 < 200 OPTIONS
  `);
});

test('a second offer before the first is settled gets 500 with Retry-After, an old CSeq 500', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 5, body: OFFER });
  scene.send('INVITE', { toTag: tag, cseq: 6, body: OFFER });
  expect(Number(scene.last.headers.get('retry-after'))).toBeLessThanOrEqual(10);
  scene.send('INFO', { toTag: tag, cseq: 4 });
  settles[0]!.reject(488);
  scene.check(`
    0 > INVITE 5
    0 < 100 INVITE
    0 * INVITE reoffered
    0 > INVITE 6
    0 < 500 INVITE
    0 > INFO 4
    0 < 500 INFO
    0 < 488 INVITE
  `);
});

test('a late re-INVITE offer of ours is glare for theirs until the ACK has the answer', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2 });
  settles[0]!.accept(ANSWER);
  scene.send('UPDATE', { toTag: tag, cseq: 3, body: OFFER });
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'ack2', body: OFFER });
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered nothing
    0 < 200 INVITE
    0 > UPDATE 3
    0 < 491 UPDATE
    0 > ACK 2
    0 * confirmed with answer
  `);
});

test('UPDATE: with an offer it is settled as a re-INVITE is, without one it refreshes', () => {
  const { scene, tag, settles } = established();
  scene.send('UPDATE', { toTag: tag, cseq: 2 });
  scene.send('UPDATE', { toTag: tag, cseq: 3, body: OFFER });
  // RFC 4320 section 4.1: no 100 before the far end resends at T2 only.
  scene.run(3600);
  settles[0]!.accept(ANSWER);
  scene.check(`
    0 > UPDATE 2
    0 < 200 UPDATE
    0 > UPDATE 3
    0 * UPDATE reoffered
    3500 < 100 UPDATE
    3600 < 200 UPDATE
  `);
});

test('CANCEL of a re-INVITE: 200 and 487, and the call goes on', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  scene.send('CANCEL', { toTag: tag, cseq: 2, branch: 'INVITE2' });
  settles[0]!.accept(ANSWER);
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered
    0 > CANCEL 2
    0 < 200 CANCEL
    0 < 487 INVITE
  `);
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test('BYE while a re-INVITE waits: 200, 487, over; settling it then does nothing', () => {
  const { scene, tag, settles } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  scene.send('BYE', { toTag: tag, cseq: 3 });
  settles[0]!.accept(ANSWER);
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered
    0 > BYE 3
    0 < 200 BYE
    0 < 487 INVITE
    0 * ended bye
  `);
  scene.checkNothingLeft();
});

test('INFO goes up and gets the status of the application; other methods 405 or 501, foreign sources nothing', () => {
  const { scene, tag } = established();
  scene.send('INFO', { toTag: tag, cseq: 2 });
  scene.send('FOO', { toTag: tag, cseq: 3 });
  scene.send('PUBLISH', { toTag: tag, cseq: 4 });
  scene.send('BYE', { toTag: tag, cseq: 5, flow: flowFrom('192.0.2.66') });
  scene.send('INVITE', { toTag: tag, cseq: 6, headers: ['Require: 100rel, x-new'] });
  expect(scene.last.headers.get('unsupported')).toBe('x-new');
  scene.check(`
    0 > INFO 2
    0 * requested INFO
    0 < 200 INFO
    0 > FOO 3
    0 < 501 FOO
    0 > PUBLISH 4
    0 < 405 PUBLISH
    0 > BYE 5
    0 > INVITE 6
    0 < 420 INVITE
  `);
  expect(scene.drops()).toEqual({ 'foreign-source': 1 });
});

test('a new Contact in a re-INVITE is where our next request goes', () => {
  const { scene, tag, settles, call } = established();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER, headers: ['Contact: <sip:gw@192.0.2.44:5070>'] });
  settles[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'ack2' });
  call.bye();
  const bye = scene.sent.at(-1)!;
  expect(bye.message).toMatchObject({ method: 'BYE', uri: 'sip:gw@192.0.2.44:5070' });
  expect(bye.flow.remote).toEqual({ address: '192.0.2.44', port: 5070 });
});
