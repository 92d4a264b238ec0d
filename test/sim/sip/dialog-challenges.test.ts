/** Challenges to requests of ours in a dialog (RFC 3261 section 22.2), by a registrar's proxy that asks every time. */
import { expect, test } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { DigestClient } from '../../../src/sip/digest/client.ts';
import type { Authenticator, OutgoingHandler, SipCall } from '../../../src/sip/ports.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const RELIABLE = ['Require: 100rel', 'RSeq: 7'];

function account(): Authenticator {
  return new DigestClient({
    account: { username: 'u', password: 'p', realms: ['carrier'] },
    ...{ digests: nodeDigests, random: new SeededRandom(3), onWithheld: () => {} },
  });
}

function challenge(nonce: string, rest = '') {
  return { headers: [`Proxy-Authenticate: Digest realm="carrier", nonce="${nonce}", qop="auth"${rest}`] };
}

/** Nonce and count of the credentials in the last message; empty when it has none. */
function proved({ last }: Scene): string {
  const value = last.headers.get('proxy-authorization') ?? '';
  const [, nonce] = /nonce="([^"]*)"/.exec(value) ?? [];
  return nonce === undefined
    ? ''
    : `${nonce} ${Number.parseInt(/nc=([0-9a-f]+)/.exec(value)?.[1] ?? '0', 16)}`;
}

function dial(scene: Scene, authenticate: Authenticator | undefined, handler?: Partial<OutgoingHandler>) {
  return scene.dial({ authenticate }, handler);
}

/** An outbound call that is up, without a word of credentials so far. */
function established(options: { isTrustedPeer?: () => boolean; stranger?: true } = {}) {
  const { stranger, ...rest } = options;
  const scene = new Scene(rest);
  const call = dial(scene, stranger === true ? undefined : account());
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.ladder();
  return { scene, call };
}

test('BYE: once more, under a new branch and number, and the call ends only then', () => {
  const { scene, call } = established();
  call.bye();
  const first = scene.last;
  expect(proved(scene)).toBe('');
  scene.respond(407, 'BYE', challenge('a'));
  expect(proved(scene)).toBe('a 1');
  expect(scene.last.via.branch).not.toBe(first.via.branch);
  scene.respond(200, 'BYE');
  scene.check(`
    0 < BYE 2
    0 > 407 BYE
    0 < BYE 3
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('nextnonce of a 2xx is what the next request comes with, and saves it a challenge (RFC 7616 section 3.5)', () => {
  const { scene, call } = established();
  call.request('INFO', 'text/plain', new Uint8Array(0), () => {});
  scene.respond(407, 'INFO', challenge('a'));
  const info = (text: string) => ({ headers: [`Proxy-Authentication-Info: ${text}`] });
  scene.respond(200, 'INFO', info('qop=auth, nextnonce="b"'));
  call.request('INFO', 'text/plain', new Uint8Array(0), () => {});
  expect(proved(scene)).toBe('b 1');
  // The same once more is no new one; what cannot be read, or is another's to say, changes nothing.
  scene.respond(200, 'INFO', info('nextnonce="b"'));
  for (const [at, line] of ['nextnonce=', 'nextnonce="c", nextnonce="d"', 'rspauth="0"'].entries()) {
    call.request('INFO', 'text/plain', new Uint8Array(0), () => {});
    expect(proved(scene)).toBe(`b ${at + 2}`);
    scene.respond(200, 'INFO', info(line));
  }
  call.bye();
  expect(proved(scene)).toBe('b 5');
  scene.respond(200, 'BYE', { headers: ['Authentication-Info: nextnonce="e"'] });
  scene.checkNothingLeft();
});

test('nextnonce of the 200 to an INVITE is for the BYE', () => {
  const scene = new Scene();
  const call = dial(scene, account());
  scene.respond(407, 'INVITE', challenge('a'));
  scene.respond(200, 'INVITE', { body: ANSWER, headers: ['Proxy-Authentication-Info: nextnonce="b"'] });
  // The ACK has the credentials of its INVITE (RFC 3261 section 22.3).
  expect(proved(scene)).toBe('a 1');
  call.bye();
  expect(proved(scene)).toBe('b 1');
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test('nextnonce of who was asked nothing is nobody’s', () => {
  const { scene, call } = established();
  call.request('INFO', 'text/plain', new Uint8Array(0), () => {});
  scene.respond(200, 'INFO', { headers: ['Proxy-Authentication-Info: nextnonce="b"'] });
  call.bye();
  expect(proved(scene)).toBe('');
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test('a password that is refused is not sent for ever: the dialog ends with the second 407', () => {
  const { scene, call } = established();
  call.bye();
  scene.respond(407, 'BYE', challenge('a'));
  scene.respond(407, 'BYE', challenge('b'));
  scene.check(`
    0 < BYE 2
    0 > 407 BYE
    0 < BYE 3
    0 > 407 BYE
  `);
  scene.checkNothingLeft();
});

test('a nonce gone stale is answered again, within bounds', () => {
  const { scene, call } = established();
  call.bye();
  scene.respond(407, 'BYE', challenge('a'));
  scene.respond(407, 'BYE', challenge('b', ', stale=true'));
  expect(proved(scene)).toBe('b 1');
  scene.respond(407, 'BYE', challenge('c', ', stale=true'));
  expect(scene.ladder().at(-1)).toBe('0 > 407 BYE');
  scene.checkNothingLeft();
});

test('INFO: the owner hears the last answer alone, and the next request brings the nonce along, counted up', () => {
  const { scene, call } = established();
  const heard: number[] = [];
  const press = () => call.request('INFO', 'application/dtmf-relay', OFFER, (status) => heard.push(status));
  press();
  scene.respond(401, 'INFO', {
    headers: ['WWW-Authenticate: Digest realm="carrier", nonce="s", qop="auth"'],
  });
  expect(heard).toEqual([]);
  expect(scene.last.headers.get('authorization')).toMatch(/uri="sip:100@192\.0\.2\.10".*nc=00000001/);
  scene.respond(200, 'INFO');
  expect(heard).toEqual([200]);
  press();
  expect(scene.last.headers.get('authorization')).toMatch(/nonce="s".*nc=00000002/);
  scene.respond(200, 'INFO');
  expect(heard).toEqual([200, 200]);
});

test('re-INVITE: the refusal is acknowledged under its own number, the 2xx with the credentials of the INVITE', () => {
  const { scene, call } = established();
  call.reoffer({
    offer: () => OFFER,
    postponed: () => scene.note('postponed'),
    accepted: () => scene.note('accepted'),
    refused: (status) => scene.note(`refused ${status}`),
  });
  scene.respond(407, 'INVITE', challenge('a'));
  expect(proved(scene)).toBe('a 1');
  expect(scene.last.body).toEqual(OFFER);
  scene.respond(200, 'INVITE', { body: ANSWER });
  expect(scene.last).toMatchObject({ method: 'ACK', cseq: { number: 3 } });
  expect(proved(scene)).toBe('a 1');
  // Repetitions of either answer are served as ever.
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 2
    0 > 407 INVITE
    0 < ACK 2
    0 < INVITE 3
    0 > 200 INVITE
    0 < ACK 3
    0 * accepted
    0 > 200 INVITE
    0 < ACK 3
  `);
});

test('UPDATE: a refresh of the session that is challenged goes again', () => {
  const scene = new Scene({ session: { sessionExpires: 1800, minSe: 90 } });
  dial(scene, account());
  const headers = ['Session-Expires: 1800;refresher=uac', 'Allow: UPDATE', 'Require: timer'];
  scene.respond(200, 'INVITE', { body: ANSWER, headers });
  scene.ladder();
  scene.run(900_000);
  scene.respond(407, 'UPDATE', challenge('a'));
  expect(proved(scene)).toBe('a 1');
  expect(scene.last.headers.get('session-expires')).toMatch(/^1800/);
  scene.respond(200, 'UPDATE', { headers });
  scene.check(`
    900000 < UPDATE 2
    900000 > 407 UPDATE
    900000 < UPDATE 3
    900000 > 200 UPDATE
  `);
});

test('PRACK', () => {
  const scene = new Scene();
  dial(scene, account());
  scene.respond(183, 'INVITE', { headers: RELIABLE, body: ANSWER });
  scene.respond(407, 'PRACK', challenge('a'));
  expect(scene.last.headers.get('rack')).toBe('7 1 INVITE');
  expect(proved(scene)).toBe('a 1');
  scene.respond(200, 'PRACK');
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 < INVITE 1
    0 > 183 INVITE
    0 < PRACK 2
    0 * progressed 183
    0 > 407 PRACK
    0 < PRACK 3
    0 > 200 PRACK
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
  `);
});

test('what the INVITE was asked goes along in its ACK and in all that follows; the next call needs no question', () => {
  const scene = new Scene();
  const ours = account();
  const call = dial(scene, ours);
  scene.respond(407, 'INVITE', challenge('a'));
  scene.respond(200, 'INVITE', { body: ANSWER });
  expect(scene.last).toMatchObject({ method: 'ACK' });
  expect(proved(scene)).toBe('a 1');
  call.bye();
  expect(proved(scene)).toBe('a 2');
  scene.respond(200, 'BYE');
  dial(scene, ours).cancel();
  expect(proved(scene)).toBe('a 3');
  // A nonce that has run out costs a round trip, and no more.
  scene.respond(407, 'INVITE', challenge('b', ', stale=true'));
  scene.checkNothingLeft();
});

test('a nonce of another call that the far end takes for wrong, without a word of stale, is asked for once more', () => {
  const scene = new Scene();
  const ours = account();
  dial(scene, ours);
  scene.respond(407, 'INVITE', challenge('a'));
  scene.respond(486, 'INVITE');
  dial(scene, ours);
  expect(proved(scene)).toBe('a 2');
  scene.respond(407, 'INVITE', challenge('b'));
  expect(proved(scene)).toBe('b 1');
});

test('the far end of the call, where it is not the carrier, gets no credentials whatever it says', () => {
  const { scene, call } = established();
  // Its Contact is its own address: our BYE goes there.
  scene.send('UPDATE', {
    ...{ toTag: String(scene.sent[0]!.message.from.params.get('tag')), callId: call.callId, cseq: 1 },
    headers: ['Contact: <sip:100@198.51.100.66>'],
  });
  call.bye();
  expect(scene.sent.at(-1)!.flow.remote.address).toBe('198.51.100.66');
  scene.respond(407, 'BYE', challenge('a'));
  expect(scene.ladder().at(-1)).toBe('0 > 407 BYE');
  scene.checkNothingLeft();
});

test('another address of the same carrier gets them', () => {
  const { scene, call } = established({ isTrustedPeer: () => true });
  scene.send('UPDATE', {
    ...{ toTag: String(scene.sent[0]!.message.from.params.get('tag')), callId: call.callId, cseq: 1 },
    headers: ['Contact: <sip:100@192.0.2.11>'],
  });
  call.bye();
  scene.respond(407, 'BYE', challenge('a'));
  expect(scene.sent.at(-1)!.flow.remote.address).toBe('192.0.2.11');
  expect(proved(scene)).toBe('a 1');
});

test('no account, no second attempt', () => {
  const { scene, call } = established({ stranger: true });
  call.bye();
  scene.respond(401, 'BYE', { headers: ['WWW-Authenticate: Digest realm="carrier", nonce="a"'] });
  expect(scene.ladder().at(-1)).toBe('0 > 401 BYE');
  scene.checkNothingLeft();
});

test('a call that came by a registration: the proxy\u2019s challenge to our BYE is answered', () => {
  const scene = new Scene({ flow: flowFrom('192.0.2.10') });
  let call: SipCall | undefined;
  scene.endpoint.onInvite = (invite) => {
    invite.handler = scene.handler();
    invite.authenticator = account();
    call = invite.accept(ANSWER);
  };
  scene.send('INVITE', { body: OFFER });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  call?.bye();
  scene.respond(407, 'BYE', challenge('a'));
  expect(proved(scene)).toBe('a 1');
  scene.respond(200, 'BYE');
  expect(scene.ladder().slice(-4)).toEqual(['0 < BYE 1', '0 > 407 BYE', '0 < BYE 2', '0 > 200 BYE']);
  scene.checkNothingLeft();
});
