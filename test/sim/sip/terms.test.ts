import { expect, test } from 'vitest';
import type { SipTerms } from '../../../src/sip/call-terms.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

const CONTACT = 'Contact: <sip:100@192.0.2.10>';
const TIMES = { sessionExpires: 1800, minSe: 90 };

/** An INVITE that came, on these terms. */
function invited(terms: SipTerms, headers: string[]) {
  const scene = new Scene();
  scene.endpoint.termsOf = () => terms;
  scene.send('INVITE', { body: OFFER, headers: [CONTACT, ...headers] });
  return scene;
}

/** The same, answered and acknowledged. */
function answered(terms: SipTerms, headers: string[]) {
  const scene = invited(terms, headers);
  const call = scene.invites[0]!.accept(ANSWER);
  const answer = scene.last.headers;
  scene.invites[0]!.handler = scene.handler({
    refreshOffer: () => ({
      offer: () => OFFER,
      postponed() {},
      accepted: () => scene.note('refreshed'),
      refused: (status) => scene.note(`refresh refused ${status}`),
    }),
  });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.ladder();
  return { scene, answer, call };
}

function dialled(terms: SipTerms) {
  const scene = new Scene();
  scene.dial({ terms });
  return scene;
}

test('session timers off: not followed, not offered, and who requires them is told 420', () => {
  const off: SipTerms = { ...TIMES, timers: 'off' };
  const { scene, answer } = answered(off, ['Supported: timer', 'Session-Expires: 90;refresher=uac']);
  expect(answer.get('session-expires')).toBeUndefined();
  expect(answer.get('supported')).toBe('100rel, norefersub, replaces');
  scene.run(10_000_000);
  scene.check('');
  const refused = invited(off, ['Require: timer', 'Session-Expires: 600']);
  expect(refused.last).toMatchObject({ status: 420 });
  expect(refused.last.headers.get('unsupported')).toBe('timer');
  expect(refused.invites).toHaveLength(0);
  const ours = dialled(off);
  expect(ours.last.headers.get('session-expires')).toBeUndefined();
  expect(ours.last.headers.get('supported')).toBe('100rel, norefersub, replaces');
  ours.respond(200, 'INVITE', { body: ANSWER, headers: ['Session-Expires: 90;refresher=uas'] });
  ours.ladder();
  ours.run(600_000);
  ours.check('');
});

test('a trunk has an interval and a least one of its own', () => {
  const own: SipTerms = { sessionExpires: 600, minSe: 300 };
  expect(answered(own, ['Supported: timer']).answer.get('session-expires')).toBe('600;refresher=uas');
  const short = invited(own, ['Supported: timer', 'Session-Expires: 200']);
  expect(short.last).toMatchObject({ status: 422 });
  expect(short.last.headers.get('min-se')).toBe('300');
  expect(short.invites).toHaveLength(0);
  const ours = dialled(own);
  expect(ours.last.headers.get('session-expires')).toBe('600');
  expect(ours.last.headers.get('min-se')).toBe('300');
});

const REFRESH = ['Supported: timer', 'Session-Expires: 600;refresher=uas', 'Allow: INVITE, UPDATE, BYE'];

test.each([405, 501])(
  'an UPDATE that is answered %i, whatever Allow says: by re-INVITE from then on',
  (no) => {
    const { scene } = answered(TIMES, REFRESH);
    scene.run(300_000);
    scene.respond(no, 'UPDATE');
    scene.respond(200, 'INVITE', {
      body: ANSWER,
      headers: ['Session-Expires: 600;refresher=uac', REFRESH[2]!],
    });
    scene.run(300_000);
    scene.check(`
    300000 < UPDATE 1
    300000 > ${no} UPDATE
    300000 < INVITE 2
    300000 > 200 INVITE
    300000 < ACK 2
    300000 * refreshed
    600000 < INVITE 3
  `);
  },
);

test.each<['invite' | 'update', string, string]>([
  ['invite', 'INVITE', REFRESH[2]!],
  ['update', 'UPDATE', 'Allow: INVITE, BYE'],
])('refreshes by %s go by it whatever Allow says', (refresh, method, allow) => {
  const { scene } = answered({ ...TIMES, refresh }, [REFRESH[0]!, REFRESH[1]!, allow]);
  scene.run(300_000);
  scene.check(`300000 < ${method} 1`);
});

test('by update alone, a 405 is no end: it is tried again, and the session runs out', () => {
  const { scene } = answered({ ...TIMES, refresh: 'update' }, ['Supported: timer', 'Session-Expires: 90']);
  scene.run(45_000);
  scene.respond(405, 'UPDATE');
  scene.run(10_000);
  scene.respond(405, 'UPDATE');
  scene.run(5000);
  scene.check(`
    45000 < UPDATE 1
    45000 > 405 UPDATE
    55000 < UPDATE 2
    55000 > 405 UPDATE
    60000 < BYE 3
    60000 * ended session-expired
  `);
});

test('reliable responses off: none is sent or offered, and who requires them is told 420', () => {
  const off: SipTerms = { ...TIMES, reliable: 'off' };
  const scene = invited(off, ['Supported: 100rel, timer']);
  scene.invites[0]!.progress(183, ANSWER);
  expect(scene.last.headers.get('rseq')).toBeUndefined();
  scene.invites[0]!.accept(ANSWER);
  expect(scene.last.headers.get('supported')).toBe('timer, norefersub, replaces');
  const refused = invited(off, ['Require: 100rel']);
  expect(refused.last).toMatchObject({ status: 420 });
  expect(refused.last.headers.get('unsupported')).toBe('100rel');
  expect(dialled(off).last.headers.get('supported')).toBe('timer, norefersub, replaces');
});

test('reliable responses required: 421 to who lacks them, a reliable 180 to who does not, Require in ours', () => {
  const required: SipTerms = { ...TIMES, reliable: 'required' };
  const refused = invited(required, ['Supported: timer']);
  expect(refused.last).toMatchObject({ status: 421 });
  expect(refused.last.headers.get('require')).toBe('100rel');
  expect(refused.invites).toHaveLength(0);
  const scene = invited(required, ['Supported: 100rel']);
  scene.invites[0]!.progress(180);
  expect(scene.last.headers.get('require')).toBe('100rel');
  expect(scene.last.headers.get('rseq')).toBeDefined();
  expect(dialled(required).last.headers.get('require')).toBe('100rel');
});

test('both off: neither is offered', () => {
  const none = dialled({ ...TIMES, timers: 'off', reliable: 'off' });
  expect(none.last.headers.get('supported')).toBe('norefersub, replaces');
});

test('the user of our Contact, in each message that has one', () => {
  const own: SipTerms = { ...TIMES, contactUser: '60312345600' };
  const contact = '<sip:60312345600@192.0.2.1:5060>';
  const { scene, answer, call } = answered(own, REFRESH);
  expect(answer.get('contact')).toBe(contact);
  scene.run(300_000);
  expect(scene.last.headers.get('contact')).toBe(contact);
  call.request('REFER', 'text/plain', new Uint8Array(0), () => {});
  expect(scene.last.headers.get('contact')).toBe(contact);
  expect(dialled(own).last.headers.get('contact')).toBe(contact);
});

test('terms that fail are those of all, and hurt nobody', () => {
  const scene = new Scene();
  scene.endpoint.termsOf = () => {
    throw new Error('x');
  };
  scene.send('INVITE', { body: OFFER });
  expect(scene.invites).toHaveLength(1);
  expect(scene.faults).toHaveLength(1);
});
