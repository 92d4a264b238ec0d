import { expect, test } from 'vitest';
import type { OfferSettlement, ReofferHandler } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

function handlerOf(scene: Scene, sdp: Uint8Array | undefined = OFFER): ReofferHandler {
  return {
    offer: () => sdp,
    postponed: () => scene.note('postponed'),
    accepted: (answer) => scene.note(`accepted${answer === undefined ? ' nothing' : ''}`),
    refused: (status) => scene.note(`refused ${status}`),
  };
}

/** A call that the far end made, with offers of theirs kept for the test to settle. */
function called() {
  const scene = new Scene();
  const settles: OfferSettlement[] = [];
  const call = scene.establish();
  scene.invites[0]!.handler = scene.handler({
    reoffered: (request, _offer, settle) => {
      scene.note(`${request.method} reoffered`);
      settles.push(settle);
    },
  });
  return { scene, call, tag: scene.ourTag, settles, offer: handlerOf(scene) };
}

/** A call that we made. */
function calling() {
  const scene = new Scene();
  const call = scene.dial();
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.ladder();
  return { scene, call, offer: handlerOf(scene) };
}

test('our re-INVITE: each 2xx gets the same ACK, and its answer goes up', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  scene.respond(100, 'INVITE');
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 1
    0 > 100 INVITE
    0 > 200 INVITE
    0 < ACK 1
    0 * accepted
    0 > 200 INVITE
    0 < ACK 1
  `);
  const [first, second] = scene.sent.slice(-2);
  expect(first?.bytes).toEqual(second?.bytes);
  call.bye();
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test('our UPDATE is answered at once and needs no ACK', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer, 'UPDATE');
  scene.respond(200, 'UPDATE', { body: ANSWER });
  scene.check(`
    0 < UPDATE 1
    0 > 200 UPDATE
    0 * accepted
  `);
});

test('refused, it is acknowledged and the call goes on', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  scene.respond(488, 'INVITE');
  scene.check(`
    0 < INVITE 1
    0 > 488 INVITE
    0 < ACK 1
    0 * refused 488
  `);
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test.each([481, 408])('a %d says that the call is no more', (status) => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  scene.respond(status, 'INVITE');
  scene.check(`
    0 < INVITE 1
    0 > ${status} INVITE
    0 < ACK 1
    0 * refused ${status}
    0 < BYE 2
    0 * ended ${status === 408 ? 'timeout' : 'transport'}
  `);
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test('no answer at all: BYE after 64 T1', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  scene.run(32_000);
  expect(scene.ladder().slice(-3)).toEqual(['32000 * refused 408', '32000 < BYE 2', '32000 * ended timeout']);
  scene.checkNothingLeft();
});

test('a provisional answer and no more: CANCEL after a minute, and the call goes on', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  scene.respond(180, 'INVITE');
  scene.run(60_000);
  scene.respond(200, 'CANCEL');
  scene.respond(487, 'INVITE');
  scene.check(`
    0 < INVITE 1
    0 > 180 INVITE
    60000 < CANCEL 1
    60000 > 200 CANCEL
    60000 > 487 INVITE
    60000 < ACK 1
    60000 * refused 487
  `);
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test.each([
  ['the called one, from 0 to 2 s', called, 0, 2000],
  ['the caller, from 2.1 to 4 s', calling, 2100, 4000],
] as const)('glare: 491 is tried again by %s (RFC 3261 section 14.1)', (_who, make, least, most) => {
  const waits = new Set<number>();
  const { scene, call, offer } = make();
  for (let i = 0; i < 12; i++) {
    call.reoffer(offer);
    scene.respond(491, 'INVITE');
    const since = scene.now;
    const count = scene.sent.length;
    while (scene.sent.length === count) scene.run(10);
    waits.add(scene.now - since);
    scene.respond(200, 'INVITE', { body: ANSWER });
  }
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...waits)).toBeLessThanOrEqual(most + 10);
  expect(waits.size).toBeGreaterThan(3);
  expect(scene.ladder().filter((line) => line.includes('postponed'))).toHaveLength(12);
});

test('RFC 5407 section 3.3.1: re-INVITEs cross: both are refused 491, and theirs that comes first is taken', () => {
  const { scene, call, tag, settles, offer } = called();
  call.reoffer(offer);
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  scene.respond(491, 'INVITE');
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'INVITE2' });
  scene.send('INVITE', { toTag: tag, cseq: 3, body: OFFER });
  settles[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: tag, cseq: 3, branch: 'ack3' });
  scene.check(`
    0 < INVITE 1
    0 > INVITE 2
    0 < 491 INVITE
    0 > 491 INVITE
    0 < ACK 1
    0 * postponed
    0 > ACK 2
    0 > INVITE 3
    0 < 100 INVITE
    0 * INVITE reoffered
    0 < 200 INVITE
    0 > ACK 3
  `);
  scene.run(2000);
  expect(scene.last).toMatchObject({ method: 'INVITE', cseq: { number: 2 } });
});

test('UPDATE with an offer while ours is open: 491; without one it refreshes', () => {
  const { scene, call, tag, offer } = called();
  call.reoffer(offer);
  scene.send('UPDATE', { toTag: tag, cseq: 2, body: OFFER });
  scene.send('UPDATE', { toTag: tag, cseq: 3 });
  scene.check(`
    0 < INVITE 1
    0 > UPDATE 2
    0 < 491 UPDATE
    0 > UPDATE 3
    0 < 200 UPDATE
  `);
});

test('ours waits until theirs is settled and acknowledged', () => {
  const { scene, call, tag, settles, offer } = called();
  scene.send('INVITE', { toTag: tag, cseq: 2, body: OFFER });
  call.reoffer(offer);
  settles[0]!.accept(ANSWER);
  scene.run(100);
  scene.send('ACK', { toTag: tag, cseq: 2, branch: 'ack2' });
  scene.check(`
    0 > INVITE 2
    0 < 100 INVITE
    0 * INVITE reoffered
    0 < 200 INVITE
    100 > ACK 2
    100 < INVITE 1
  `);
});

test('one waits, a second is refused; one that has nothing to offer any more is given up', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  call.reoffer({ ...offer, offer: () => undefined });
  call.reoffer(offer);
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 1
    0 * refused 491
    0 > 200 INVITE
    0 < ACK 1
    0 * accepted
    0 * refused 491
  `);
});

test('BYE from them while our re-INVITE is open; its late 2xx is still acknowledged', () => {
  const { scene, call, tag, offer } = called();
  call.reoffer(offer);
  scene.send('BYE', { toTag: tag, cseq: 2 });
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 1
    0 > BYE 2
    0 < 200 BYE
    0 * refused 481
    0 * ended bye
    0 > 200 INVITE
    0 < ACK 1
  `);
  scene.checkNothingLeft();
});

test('RFC 5407 section 3.2.3: our BYE crosses the 200 to our re-INVITE', () => {
  const { scene, call, offer } = called();
  call.reoffer(offer);
  call.bye();
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.respond(200, 'BYE');
  scene.check(`
    0 < INVITE 1
    0 * refused 481
    0 < BYE 2
    0 > 200 INVITE
    0 < ACK 1
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('after the end there is nothing to offer in', () => {
  const { scene, call, offer } = called();
  call.bye();
  call.reoffer(offer);
  scene.check(`
    0 < BYE 1
    0 * refused 481
  `);
});
