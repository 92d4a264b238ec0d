import { expect, test } from 'vitest';
import type { Authenticator, Challenged, ExtraHeaders, LoneOutcome } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

type Answer = (challenged: Challenged) => ExtraHeaders | undefined;

function dial(scene: Scene, authenticate: Answer, headers: Authenticator['headers'] = () => []) {
  return scene.dial({ authenticate: { authenticate, headers } });
}

const CHALLENGE = { headers: ['WWW-Authenticate: Digest realm="a", nonce="b"'] };

test('a challenged INVITE goes out again: same call, next number, new branch, credentials', () => {
  const scene = new Scene();
  const asked: unknown[] = [];
  dial(scene, (challenged) => {
    asked.push(challenged);
    return [['Authorization', 'Digest mine']];
  });
  const first = scene.sent[0]!.message;
  scene.respond(401, 'INVITE', CHALLENGE);
  expect(asked).toEqual([
    {
      status: 401,
      method: 'INVITE',
      uri: 'sip:100@192.0.2.10',
      body: OFFER,
      challenges: ['Digest realm="a", nonce="b"'],
      remote: { address: '192.0.2.10', port: 5060 },
      tries: 0,
    },
  ]);
  const second = scene.last;
  expect(second.callId).toBe(first.callId);
  expect(second.from.params.get('tag')).toBe(first.from.params.get('tag'));
  expect(second.via.branch).not.toBe(first.via.branch);
  expect(second.headers.get('authorization')).toBe('Digest mine');
  // The old transaction lives on for repetitions, and what ends it does not touch the call.
  scene.run(1000);
  scene.respond(180, 'INVITE');
  scene.run(40_000);
  scene.respond(200, 'INVITE', { body: ANSWER });
  expect(scene.last.cseq).toEqual({ number: 2, method: 'ACK' });
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 1
    0 > 401 INVITE
    0 < ACK 1
    0 < INVITE 2
    500 < INVITE 2
    1000 > 180 INVITE
    1000 * progressed 180
    41000 > 200 INVITE
    41000 < ACK 2
    41000 * answered
    41000 > 200 INVITE
    41000 < ACK 2
  `);
});

test('a challenge that nobody answers is the end, and no challenger gets answers without end', () => {
  const scene = new Scene();
  dial(scene, () => undefined);
  scene.respond(407, 'INVITE');
  scene.check(`
    0 < INVITE 1
    0 > 407 INVITE
    0 < ACK 1
    0 * ended rejected 407
  `);
  scene.checkNothingLeft();
  const endless = new Scene();
  dial(endless, () => [['Authorization', 'x']]);
  for (let i = 0; i < 5; i++) endless.respond(401, 'INVITE', CHALLENGE);
  expect(endless.last).toMatchObject({ method: 'ACK', cseq: { number: 5 } });
  endless.checkNothingLeft();
});

test('a call that was given up meanwhile is not tried again', () => {
  const scene = new Scene();
  const call = dial(scene, () => [['Authorization', 'x']]);
  call.cancel();
  scene.respond(401, 'INVITE', CHALLENGE);
  scene.check(`
    0 < INVITE 1
    0 > 401 INVITE
    0 < ACK 1
  `);
  scene.checkNothingLeft();
});

test('an INVITE that is not authorized is answered and forgotten; the next one is looked at anew', () => {
  const scene = new Scene();
  scene.endpoint.authorize = (request) =>
    request.header('Authorization') === 'good'
      ? undefined
      : { status: 401, headers: [['WWW-Authenticate', 'Digest realm="r"']] };
  scene.send('INVITE', { body: OFFER });
  expect(scene.last.headers.get('www-authenticate')).toBe('Digest realm="r"');
  expect(scene.last.to.params.get('tag')).toBeTruthy();
  expect(scene.endpoint.gauges()).toMatchObject({ calls: 0, transactions: 0 });
  scene.send('ACK', { toTag: 'any' });
  scene.send('INVITE', {
    body: OFFER,
    cseq: 2,
    headers: ['Contact: <sip:100@192.0.2.10>', 'Authorization: good'],
  });
  scene.check(`
    0 > INVITE 1
    0 < 401 INVITE
    0 > ACK 1
    0 > INVITE 2
    0 * invite
    0 < 100 INVITE
  `);
});

test('an application that fails while it decides lets nobody in', () => {
  const scene = new Scene();
  scene.endpoint.authorize = () => {
    throw new Error('bug');
  };
  scene.send('INVITE', { body: OFFER });
  scene.check(`
    0 > INVITE 1
    0 < 500 INVITE
  `);
  expect(scene.faults).toHaveLength(1);
});

test('a request outside of any dialog: sent again until it is answered, its end told once', () => {
  const scene = new Scene();
  const ends: LoneOutcome[] = [];
  const request = {
    method: 'REGISTER',
    uri: 'sip:carrier.example',
    from: '<sip:user@carrier.example>',
    to: '<sip:user@carrier.example>',
    callId: 'reg',
    cseq: 7,
    next: { transport: 'udp' as const, remote: { address: '192.0.2.10', port: 5060 } },
    contactUser: 'token',
    contactParams: ';expires=60',
  };
  scene.endpoint.request(request, (end) => ends.push(end));
  expect(scene.last).toMatchObject({ method: 'REGISTER', uri: 'sip:carrier.example', cseq: { number: 7 } });
  expect(scene.last.headers.get('contact')).toBe('<sip:token@192.0.2.1:5060>;expires=60');
  scene.run(600);
  scene.respond(200, 'REGISTER', { headers: ['Expires: 60'] });
  scene.respond(200, 'REGISTER');
  scene.run(10);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ status: 200, why: 'response', contact: 'sip:token@192.0.2.1:5060' });
  expect(ends[0]!.headers('Expires')).toEqual(['60']);
  scene.checkNothingLeft();
  scene.endpoint.request(request, (end) => ends.push(end));
  scene.run(40_000);
  expect(ends[1]).toMatchObject({ status: 0, why: 'timeout' });
  scene.checkNothingLeft();
});

test('a request that cannot be sent tells so, later', () => {
  const scene = new Scene({ openFlow: () => undefined });
  const ends: LoneOutcome[] = [];
  scene.endpoint.request(
    {
      method: 'OPTIONS',
      uri: 'sip:a',
      from: '<sip:b>',
      to: '<sip:a>',
      callId: 'x',
      cseq: 1,
      next: { transport: 'udp', remote: { address: '192.0.2.10', port: 5060 } },
    },
    (end) => ends.push(end),
  );
  expect(ends).toEqual([]);
  scene.run(0);
  expect(ends).toMatchObject([{ status: 0, why: 'transport-error' }]);
});
