/** The races of RFC 5407, figure by figure; its re-INVITEs of our own are in `own-offer.test.ts`. We are Bob in 3.1 and both in 3.2. */
import { expect, test } from 'vitest';
import type { ReofferHandler } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

const CONTACT = ['Contact: <sip:100@192.0.2.10>'];

/** An INVITE that was answered and not acknowledged: the moratorium. */
function moratorium(offer: Uint8Array | 'none' = OFFER) {
  const scene = new Scene();
  scene.send('INVITE', offer === 'none' ? {} : { body: offer });
  const call = scene.invites[0]!.accept(ANSWER);
  scene.invites[0]!.handler = scene.handler({
    reoffered: (request, _offer, settle) => {
      scene.note(`${request.method} reoffered`);
      settle.accept(ANSWER);
    },
  });
  scene.ladder();
  return { scene, call, toTag: scene.ourTag };
}

/** Our BYE is out and not answered: the mortal state. */
function mortal() {
  const scene = new Scene();
  const call = scene.establish();
  const toTag = scene.ourTag;
  call.bye();
  scene.ladder();
  return { scene, call, toTag };
}

test('3.1.1 the INVITE comes again after the 200: absorbed, the 200 goes on by its own timer', () => {
  const { scene, toTag } = moratorium();
  scene.run(100);
  scene.send('INVITE', { body: OFFER });
  scene.run(400);
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.check(`
    100 > INVITE 1
    500 < 200 INVITE
    500 > ACK 1
    500 * confirmed
  `);
});

test('3.1.2 CANCEL crosses the 200: 200 to it and nothing else; the caller ends the call by ACK and BYE', () => {
  const { scene, toTag } = moratorium();
  scene.send('CANCEL', { branch: 'INVITE1' });
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.send('BYE', { toTag, cseq: 2 });
  scene.check(`
    0 > CANCEL 1
    0 < 200 CANCEL
    0 > ACK 1
    0 * confirmed
    0 > BYE 2
    0 < 200 BYE
    0 * ended bye
  `);
  scene.checkNothingLeft();
});

test.each(['3.1.3 BYE of the early dialog', '3.1.6 BYE of the established one, its ACK lost'])(
  '%s comes before the ACK: over, and the 200 is sent no more',
  () => {
    const { scene, toTag } = moratorium();
    scene.send('BYE', { toTag, cseq: 2 });
    scene.run(10_000);
    scene.send('ACK', { toTag, branch: 'ack1' });
    scene.check(`
      0 > BYE 2
      0 < 200 BYE
      0 * ended bye
      10000 > ACK 1
    `);
    scene.checkNothingLeft();
  },
);

test('3.1.4 a re-INVITE overtakes the ACK, offer and answer are done: taken; each 200 waits for its own ACK', () => {
  const { scene, toTag } = moratorium();
  scene.run(100);
  scene.send('INVITE', { toTag, cseq: 2, body: OFFER, headers: CONTACT });
  scene.send('ACK', { toTag, cseq: 2, branch: 'ack2' });
  scene.run(400);
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.run(10_000);
  expect(scene.ladder().filter((line) => !line.includes('confirmed'))).toEqual([
    '100 > INVITE 2',
    '100 < 100 INVITE',
    '100 * INVITE reoffered',
    '100 < 200 INVITE',
    '100 > ACK 2',
    '500 < 200 INVITE',
    '500 > ACK 1',
  ]);
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test('3.1.5 a re-INVITE overtakes the ACK that has the answer to our offer: 491, and 200 once it is there', () => {
  const { scene, toTag } = moratorium('none');
  scene.send('INVITE', { toTag, cseq: 2, body: OFFER, headers: CONTACT });
  scene.send('ACK', { toTag, cseq: 2, branch: 'INVITE2' });
  scene.send('ACK', { toTag, branch: 'ack1', body: ANSWER });
  scene.send('INVITE', { toTag, cseq: 3, body: OFFER, headers: CONTACT });
  scene.check(`
    0 > INVITE 2
    0 < 491 INVITE
    0 > ACK 2
    0 > ACK 1
    0 * confirmed with answer
    0 > INVITE 3
    0 < 100 INVITE
    0 * INVITE reoffered
    0 < 200 INVITE
  `);
});

test('3.2.1 BYE crosses BYE: 200 to theirs, and 481 to ours is as good', () => {
  for (const status of [200, 481]) {
    const { scene, toTag } = mortal();
    scene.send('BYE', { toTag, cseq: 2 });
    scene.respond(status, 'BYE');
    scene.check(`
      0 > BYE 2
      0 < 200 BYE
      0 > ${status} BYE
    `);
    scene.checkNothingLeft();
  }
});

test.each(['3.2.2 a re-INVITE', '3.3.3 a REFER'])('%s crosses our BYE: 481', (name) => {
  const method = name.includes('REFER') ? 'REFER' : 'INVITE';
  const { scene, toTag } = mortal();
  scene.send(method, { toTag, cseq: 2 });
  scene.respond(200, 'BYE');
  scene.check(`
    0 > ${method} 2
    0 < 481 ${method}
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('3.2.4 we hang up before the ACK: BYE waits for it (RFC 3261 section 15)', () => {
  const { scene, call, toTag } = moratorium();
  call.bye();
  scene.run(500);
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.respond(200, 'BYE');
  scene.check(`
    500 < 200 INVITE
    500 > ACK 1
    500 < BYE 1
    500 > ACK 1
    500 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('3.3.2 UPDATE crosses our re-INVITE: both get 491; theirs is taken when it comes again', () => {
  const scene = new Scene();
  const call = scene.establish();
  const toTag = scene.ourTag;
  scene.invites[0]!.handler = scene.handler({
    reoffered: (_request, _offer, settle) => settle.accept(ANSWER),
  });
  const offer: ReofferHandler = {
    offer: () => OFFER,
    postponed: () => scene.note('postponed'),
    accepted: () => scene.note('accepted'),
    refused: (status) => scene.note(`refused ${status}`),
  };
  call.reoffer(offer);
  scene.send('UPDATE', { toTag, cseq: 2, body: OFFER });
  scene.respond(491, 'INVITE');
  scene.send('UPDATE', { toTag, cseq: 3, body: OFFER });
  scene.check(`
    0 < INVITE 1
    0 > UPDATE 2
    0 < 491 UPDATE
    0 > 491 INVITE
    0 < ACK 1
    0 * postponed
    0 > UPDATE 3
    0 < 200 UPDATE
  `);
  scene.run(2000);
  scene.respond(200, 'INVITE', { body: ANSWER });
  expect(scene.ladder().at(-1)).toMatch(/accepted/);
});

test('B: BYE while their re-INVITE waits for our answer: 200 and 487', () => {
  const scene = new Scene();
  scene.establish();
  const toTag = scene.ourTag;
  scene.send('INVITE', { toTag, cseq: 2, body: OFFER, headers: CONTACT });
  scene.send('BYE', { toTag, cseq: 3 });
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
