/** Reliable provisional responses (RFC 3262), early media and UPDATE in early dialogs (RFC 3311), both roles. */
import { expect, test } from 'vitest';
import type { ReofferHandler } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

const CONTACT = 'Contact: <sip:100@192.0.2.10>';

function called(options: { header?: string; offer?: Uint8Array } = {}) {
  const scene = new Scene();
  scene.send('INVITE', {
    headers: [CONTACT, options.header ?? 'Require: 100rel'],
    ...('offer' in options ? {} : { body: OFFER }),
  });
  const invite = scene.invites[0]!;
  invite.handler = scene.handler({
    earlyAnswer: (answer) => scene.note(`early answer${answer === undefined ? ' missing' : ''}`),
    reoffered: (request, _offer, settle) => {
      scene.note(`${request.method} reoffered`);
      settle.accept(ANSWER);
    },
  });
  scene.ladder();
  const prack = (cseq: number, rack: string | undefined, body?: Uint8Array) =>
    scene.send('PRACK', {
      toTag: scene.ourTag,
      cseq,
      headers: rack === undefined ? [] : [`RAck: ${rack}`],
      ...(body === undefined ? {} : { body }),
    });
  const rseq = () =>
    scene.sent
      .findLast(({ message }) => message.headers.get('rseq') !== undefined)
      ?.message.headers.get('rseq');
  return { scene, invite, prack, rseq };
}

test('Require: 100rel: 180 with RSeq, resent at T1, 2 T1, 4 T1 until its PRACK', () => {
  const { scene, invite, prack, rseq } = called();
  invite.progress(180);
  expect(scene.last.headers.get('require')).toBe('100rel');
  scene.run(4000);
  prack(2, `${rseq()} 1 INVITE`);
  scene.run(20_000);
  scene.check(`
    0 < 180 INVITE
    500 < 180 INVITE
    1500 < 180 INVITE
    3500 < 180 INVITE
    4000 > PRACK 2
    4000 < 200 PRACK
  `);
});

test('a PRACK that acknowledges nothing gets 481, one repeated is absorbed', () => {
  const { scene, invite, prack, rseq } = called();
  invite.progress(180);
  const right = Number(rseq());
  prack(2, `${right + 1} 1 INVITE`);
  prack(3, `${right} 2 INVITE`);
  prack(4, `${right} 1 UPDATE`);
  prack(5, undefined);
  prack(6, `${right} 1 INVITE`);
  prack(6, `${right} 1 INVITE`);
  prack(7, `${right} 1 INVITE`);
  const statuses = scene.sent.flatMap(({ message }) =>
    message.kind === 'response' && message.cseq.method === 'PRACK' ? [message.status] : [],
  );
  expect(statuses).toEqual([481, 481, 481, 481, 200, 200, 481]);
});

test('the next waits for the PRACK of the one before, and counts up', () => {
  const { scene, invite, prack, rseq } = called();
  invite.progress(180);
  const first = Number(rseq());
  invite.progress(183, ANSWER);
  scene.run(100);
  prack(2, `${first} 1 INVITE`);
  expect(Number(rseq())).toBe(first + 1);
  scene.check(`
    0 < 180 INVITE
    100 > PRACK 2
    100 < 200 PRACK
    100 < 183 INVITE
  `);
});

test('no PRACK in 64 T1: the INVITE fails and nothing is left', () => {
  const { scene, invite } = called();
  invite.progress(180);
  scene.run(32_000);
  expect(scene.ladder().slice(-2)).toEqual(['32000 < 504 INVITE', '32000 * ended timeout']);
  scene.checkNothingLeft();
});

test('a 200 need not wait for the PRACK of a 180, and must for that of an answer', () => {
  const ringing = called();
  ringing.invite.progress(180);
  ringing.invite.accept(ANSWER);
  ringing.prack(2, `${ringing.rseq()} 1 INVITE`);
  ringing.scene.run(400);
  ringing.scene.check(`
    0 < 180 INVITE
    0 < 200 INVITE
    0 > PRACK 2
    0 < 200 PRACK
  `);
  const { scene, invite, prack, rseq } = called();
  invite.progress(183, ANSWER);
  invite.accept(ANSWER);
  scene.run(400);
  prack(2, `${rseq()} 1 INVITE`);
  scene.check(`
    0 < 183 INVITE
    400 > PRACK 2
    400 < 200 PRACK
    400 < 200 INVITE
  `);
  // The answer has been given: another would be an offer.
  expect(scene.last.body).toHaveLength(0);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.check(`
    400 > ACK 1
    400 * confirmed
  `);
});

test('CANCEL and BYE while a 200 waits for its PRACK', () => {
  for (const method of ['CANCEL', 'BYE'] as const) {
    const { scene, invite } = called();
    invite.progress(183, ANSWER);
    invite.accept(ANSWER);
    if (method === 'CANCEL') scene.send('CANCEL', { branch: 'INVITE1' });
    else scene.send('BYE', { toTag: scene.ourTag, cseq: 2 });
    expect(scene.ladder().slice(-2)).toEqual(['0 < 487 INVITE', `0 * ended ${method.toLowerCase()}`]);
    scene.checkNothingLeft();
  }
});

test('an INVITE without an offer: no bare 180, the 183 offers, the PRACK answers', () => {
  const { scene, invite, prack, rseq } = called({ offer: undefined as never });
  invite.progress(180);
  invite.progress(183, ANSWER);
  scene.send('UPDATE', { toTag: scene.ourTag, cseq: 2, body: OFFER });
  prack(3, `${rseq()} 1 INVITE`, OFFER);
  invite.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.check(`
    0 < 183 INVITE
    0 > UPDATE 2
    0 < 491 UPDATE
    0 > PRACK 3
    0 < 200 PRACK
    0 * early answer
    0 < 200 INVITE
    0 > ACK 1
    0 * confirmed
  `);
});

test('once the answer is acknowledged, a PRACK or an UPDATE may offer again', () => {
  const { scene, invite, prack, rseq } = called();
  invite.progress(180);
  prack(1, `${rseq()} 1 INVITE`);
  expect(scene.last).toMatchObject({ status: 500 });
  prack(2, `${rseq()} 1 INVITE`);
  scene.ladder();
  scene.send('UPDATE', { toTag: scene.ourTag, cseq: 3, body: OFFER });
  expect(scene.last.headers.get('retry-after')).toBeDefined();
  invite.progress(183, ANSWER);
  prack(4, `${rseq()} 1 INVITE`, OFFER);
  expect(scene.last.body).toEqual(ANSWER);
  scene.send('UPDATE', { toTag: scene.ourTag, cseq: 5, body: OFFER });
  scene.send('UPDATE', { toTag: scene.ourTag, cseq: 6 });
  scene.check(`
    0 > UPDATE 3
    0 < 500 UPDATE
    0 < 183 INVITE
    0 > PRACK 4
    0 * PRACK reoffered
    0 < 200 PRACK
    0 > UPDATE 5
    0 * UPDATE reoffered
    0 < 200 UPDATE
    0 > UPDATE 6
    0 < 200 UPDATE
  `);
});

test('Supported: 100rel: early media goes reliably, ringing does not', () => {
  const { scene, invite } = called({ header: 'Supported: 100rel' });
  invite.progress(180);
  expect(scene.last.headers.get('rseq')).toBeUndefined();
  invite.progress(183, ANSWER);
  expect(scene.last.headers.get('rseq')).toBeDefined();
});

test('without 100rel early media goes out as it is, and the 200 repeats the answer', () => {
  const { scene, invite } = called({ header: 'Supported: timer' });
  invite.progress(183, ANSWER);
  scene.run(2000);
  invite.accept(ANSWER);
  expect(scene.last.body).toEqual(ANSWER);
  scene.check(`
    0 < 183 INVITE
    2000 < 200 INVITE
  `);
});

function calling() {
  const scene = new Scene();
  const call = scene.dial(
    {},
    {
      progressed: (status, sdp) => scene.note(`progressed ${status}${sdp === undefined ? '' : ' with sdp'}`),
    },
  );
  scene.ladder();
  const reliable = (status: number, rseq: number, body?: Uint8Array, toTag = 'far') =>
    scene.respond(status, 'INVITE', {
      toTag,
      headers: ['Require: 100rel', `RSeq: ${rseq}`],
      ...(body === undefined ? {} : { body }),
    });
  return { scene, call, reliable };
}

test('our INVITE: each reliable response gets its PRACK, in order; repeated and overtaking ones none', () => {
  const { scene, reliable } = calling();
  reliable(180, 7);
  expect(scene.last.headers.get('rack')).toBe('7 1 INVITE');
  scene.respond(200, 'PRACK');
  reliable(180, 7);
  reliable(183, 9, ANSWER);
  reliable(183, 8, ANSWER);
  scene.respond(200, 'PRACK');
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.check(`
    0 > 180 INVITE
    0 < PRACK 2
    0 * progressed 180
    0 > 200 PRACK
    0 > 180 INVITE
    0 > 183 INVITE
    0 > 183 INVITE
    0 < PRACK 3
    0 * progressed 183 with sdp
    0 > 200 PRACK
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
  `);
  expect(scene.endpoint.gauges().calls).toBe(1);
});

test('the dialog goes on counting after its PRACKs, and other forks are forgotten', () => {
  const { scene, call, reliable } = calling();
  reliable(180, 1, undefined, 'one');
  scene.respond(200, 'PRACK');
  reliable(180, 50, undefined, 'two');
  scene.respond(200, 'PRACK');
  expect(scene.endpoint.gauges().calls).toBe(2);
  scene.respond(200, 'INVITE', { toTag: 'one', body: ANSWER });
  expect(scene.endpoint.gauges().calls).toBe(1);
  scene.ladder();
  call.bye();
  scene.respond(200, 'BYE');
  scene.check(`
    0 < BYE 3
    0 > 200 BYE
  `);
  scene.checkNothingLeft();
});

test('early dialogs go with the INVITE', () => {
  const { scene, reliable } = calling();
  reliable(183, 1, ANSWER);
  scene.respond(200, 'PRACK');
  scene.respond(486, 'INVITE', { toTag: 'far' });
  scene.checkNothingLeft();
});

test('UPDATE in their early dialog: 491 until our offer is answered, then it goes up; and ours goes out', () => {
  const { scene, call, reliable } = calling();
  const ourTag = scene.last.from.params.get('tag')!;
  const update = (cseq: number) =>
    scene.send('UPDATE', { toTag: ourTag, fromTag: 'far', callId: call.callId, cseq, body: OFFER });
  reliable(180, 1);
  update(1);
  reliable(183, 2, ANSWER);
  update(2);
  const offer: ReofferHandler = {
    offer: () => OFFER,
    postponed() {},
    accepted: () => scene.note('accepted'),
    refused: (status) => scene.note(`refused ${status}`),
  };
  call.reoffer(offer, 'UPDATE');
  expect(scene.ladder().filter((line) => line.includes('UPDATE'))).toEqual([
    '0 > UPDATE 1',
    '0 < 491 UPDATE',
    '0 > UPDATE 2',
    '0 * UPDATE reoffered',
  ]);
});

test('a callee that says BYE in an early dialog loses the dialog, not the INVITE', () => {
  const { scene, call, reliable } = calling();
  const ourTag = scene.last.from.params.get('tag')!;
  reliable(180, 1);
  scene.respond(200, 'PRACK');
  scene.send('BYE', { toTag: ourTag, fromTag: 'far', callId: call.callId });
  scene.respond(486, 'INVITE', { toTag: 'far' });
  expect(scene.ladder().slice(-1)).toEqual(['0 * ended rejected 486']);
  scene.checkNothingLeft();
});
