import { expect, test } from 'vitest';
import type { SessionTimes } from '../../../src/sip/limits.ts';
import { ANSWER, OFFER, Scene, type SendOptions } from './scene.ts';

const CONTACT = 'Contact: <sip:100@192.0.2.10>';

/** An answered call whose INVITE had these headers; the 200 is looked at. */
function called(headers: string[], session?: SessionTimes) {
  const scene = new Scene(session === undefined ? {} : { session });
  scene.send('INVITE', { body: OFFER, headers: [CONTACT, ...headers] });
  const call = scene.invites[0]?.accept(ANSWER);
  const answer = scene.last.headers;
  const tag = scene.ourTag;
  scene.invites[0]!.handler = scene.handler({
    reoffered: (_request, _offer, settle) => settle.accept(ANSWER),
    refreshOffer: () => ({
      offer: () => OFFER,
      postponed() {},
      accepted: () => scene.note('refreshed'),
      refused: (status) => scene.note(`refresh refused ${status}`),
    }),
  });
  scene.send('ACK', { toTag: tag, branch: 'ack1' });
  scene.ladder();
  return {
    scene,
    call,
    tag,
    expires: answer.get('session-expires'),
    requires: answer.get('require'),
    send: (method: string, cseq: number, options: SendOptions = {}) =>
      scene.send(method, { toTag: tag, cseq, ...options }),
  };
}

test.each<[string, string[], SessionTimes, string | undefined, string | undefined]>([
  ['no timer asked for nor known', [], { sessionExpires: 1800, minSe: 90 }, undefined, undefined],
  [
    'known, not asked for',
    ['Supported: timer'],
    { sessionExpires: 1800, minSe: 90 },
    '1800;refresher=uas',
    undefined,
  ],
  ['known, and we want none', ['Supported: timer'], { sessionExpires: 0, minSe: 90 }, undefined, undefined],
  [
    'refresher uac',
    ['Supported: timer', 'Session-Expires: 600;refresher=uac'],
    { sessionExpires: 1800, minSe: 90 },
    '600;refresher=uac',
    'timer',
  ],
  [
    'refresher uas',
    ['k: timer', 'x: 600 ; refresher=uas'],
    { sessionExpires: 1800, minSe: 90 },
    '600;refresher=uas',
    undefined,
  ],
  [
    'refresher omitted',
    ['Supported: timer', 'Session-Expires: 600'],
    { sessionExpires: 1800, minSe: 90 },
    '600;refresher=uas',
    undefined,
  ],
  [
    'required',
    ['Require: timer', 'Session-Expires: 600;refresher=uac'],
    { sessionExpires: 0, minSe: 90 },
    '600;refresher=uac',
    'timer',
  ],
  [
    'made shorter',
    ['Supported: timer', 'Session-Expires: 7200'],
    { sessionExpires: 300, minSe: 90 },
    '300;refresher=uas',
    undefined,
  ],
  [
    'not shorter than Min-SE',
    ['Supported: timer', 'Session-Expires: 7200', 'Min-SE: 900'],
    { sessionExpires: 300, minSe: 90 },
    '900;refresher=uas',
    undefined,
  ],
  [
    'asked for by a proxy',
    ['Session-Expires: 600;refresher=uac'],
    { sessionExpires: 1800, minSe: 90 },
    '600;refresher=uas',
    undefined,
  ],
  [
    'too short, but the client could not read a 422',
    ['Session-Expires: 100'],
    { sessionExpires: 1800, minSe: 300 },
    '100;refresher=uas',
    undefined,
  ],
])('an INVITE with %s', (_name, headers, session, expires, requires) => {
  expect(called(headers, session)).toMatchObject({ expires, requires });
});

test('an interval below ours: 422 with Min-SE, in an INVITE and in a refresh', () => {
  const scene = new Scene({ session: { sessionExpires: 1800, minSe: 300 } });
  scene.send('INVITE', { body: OFFER, headers: [CONTACT, 'Supported: timer', 'Session-Expires: 299'] });
  expect(scene.last).toMatchObject({ status: 422 });
  expect(scene.last.headers.get('min-se')).toBe('300');
  expect(scene.invites).toHaveLength(0);
  const { send, scene: talking } = called(['Supported: timer'], { sessionExpires: 1800, minSe: 300 });
  send('UPDATE', 2, { headers: ['Supported: timer', 'Session-Expires: 299'] });
  expect(talking.last).toMatchObject({ status: 422 });
});

test('they refresh by UPDATE and re-INVITE: the call lives; they stop: BYE before the end', () => {
  const refresh = ['Supported: timer', 'Session-Expires: 90;refresher=uac'];
  const { scene, send } = called(refresh);
  scene.run(45_000);
  send('UPDATE', 2, { headers: refresh });
  expect(scene.last.headers.get('session-expires')).toBe('90;refresher=uac');
  scene.run(45_000);
  send('INVITE', 3, { body: OFFER, headers: [CONTACT, ...refresh] });
  expect(scene.last.headers.get('session-expires')).toBe('90;refresher=uac');
  send('ACK', 3, { branch: 'ack3' });
  scene.ladder();
  // 90 s less a third.
  scene.run(59_999);
  scene.check('');
  scene.run(1);
  scene.check(`
    150000 < BYE 1
    150000 * ended session-expired
  `);
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test('a refresh that drops the timer drops it', () => {
  const { scene, send } = called(['Supported: timer', 'Session-Expires: 90;refresher=uac']);
  send('UPDATE', 2, { headers: [] });
  scene.ladder();
  scene.run(600_000);
  scene.check('');
});

test('we refresh at half the time by UPDATE where it is allowed', () => {
  const { scene } = called([
    'Supported: timer',
    'Session-Expires: 600;refresher=uas',
    'Allow: INVITE, UPDATE, BYE',
  ]);
  for (const at of [300_000, 600_000]) {
    scene.run(at - scene.now);
    expect(scene.last.headers.get('session-expires')).toBe('600;refresher=uac');
    scene.respond(200, 'UPDATE', { headers: ['Session-Expires: 600;refresher=uac'] });
  }
  scene.check(`
    300000 < UPDATE 1
    300000 > 200 UPDATE
    600000 < UPDATE 2
    600000 > 200 UPDATE
  `);
});

test('and by re-INVITE where it is not, saying what stands', () => {
  const { scene } = called(['Supported: timer', 'Session-Expires: 600;refresher=uas']);
  scene.run(300_000);
  expect(scene.last.body).toEqual(OFFER);
  scene.respond(200, 'INVITE', { body: ANSWER, headers: ['Session-Expires: 600;refresher=uac'] });
  scene.run(299_000);
  scene.check(`
    300000 < INVITE 1
    300000 > 200 INVITE
    300000 < ACK 1
    300000 * refreshed
  `);
});

test('a refresh that fails for the moment is tried again; at the end it is BYE', () => {
  const { scene } = called(['Supported: timer', 'Session-Expires: 90;refresher=uas', 'Allow: UPDATE']);
  scene.run(45_000);
  scene.respond(500, 'UPDATE');
  scene.run(10_000);
  scene.respond(500, 'UPDATE');
  scene.run(5000);
  scene.check(`
    45000 < UPDATE 1
    45000 > 500 UPDATE
    55000 < UPDATE 2
    55000 > 500 UPDATE
    60000 < BYE 3
    60000 * ended session-expired
  `);
});

test('a refresh that meets 481 ends the call at once', () => {
  const { scene } = called(['Supported: timer', 'Session-Expires: 90;refresher=uas', 'Allow: UPDATE']);
  scene.run(45_000);
  scene.respond(481, 'UPDATE');
  scene.check(`
    45000 < UPDATE 1
    45000 > 481 UPDATE
    45000 < BYE 2
    45000 * ended transport
  `);
});

test('a 422 to our refresh: once more at once with what they ask for', () => {
  const { scene } = called(['Supported: timer', 'Session-Expires: 90;refresher=uas', 'Allow: UPDATE']);
  scene.run(45_000);
  scene.respond(422, 'UPDATE', { headers: ['Min-SE: 400'] });
  expect(scene.last.headers.get('session-expires')).toBe('400;refresher=uac');
  expect(scene.last.headers.get('min-se')).toBe('400');
});

function calling(session?: SessionTimes) {
  const scene = new Scene(session === undefined ? {} : { session });
  scene.dial();
  return scene;
}

test('a call of ours asks for a timer, and the answer says who refreshes', () => {
  const ours = calling();
  expect(ours.last.headers.get('session-expires')).toBe('1800');
  expect(ours.last.headers.get('supported')).toContain('timer');
  ours.respond(200, 'INVITE', {
    body: ANSWER,
    headers: ['Session-Expires: 200;refresher=uac', 'Allow: UPDATE'],
  });
  ours.ladder();
  ours.run(100_000);
  ours.check('100000 < UPDATE 2');

  const theirs = calling();
  theirs.respond(200, 'INVITE', { body: ANSWER, headers: ['Session-Expires: 90;refresher=uas'] });
  theirs.ladder();
  theirs.run(60_000);
  theirs.check(`
    60000 < BYE 2
    60000 * ended session-expired
  `);

  const none = calling();
  none.respond(200, 'INVITE', { body: ANSWER });
  none.ladder();
  none.run(10_000_000);
  none.check('');
});

test('a call of ours that is told 422 asks once more, for as long as they want', () => {
  const scene = calling({ sessionExpires: 100, minSe: 90 });
  scene.respond(422, 'INVITE', { headers: ['Min-SE: 600'] });
  expect(scene.last.headers.get('session-expires')).toBe('600');
  expect(scene.last.headers.get('min-se')).toBe('600');
  scene.respond(422, 'INVITE', { headers: ['Min-SE: 900'] });
  scene.check(`
    0 < INVITE 1
    0 > 422 INVITE
    0 < ACK 1
    0 < INVITE 2
    0 > 422 INVITE
    0 < ACK 2
    0 * ended rejected 422
  `);
});
