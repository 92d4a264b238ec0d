/**
 * The races of RFC 5407 as Alice has them, who made the call, and its appendices. Bob's side of section 3.1 is in
 * `rfc5407.test.ts`, the crossings of re-INVITEs (3.2.3, 3.3.1) are in `own-offer.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import type { ReofferHandler } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER, Scene } from './scene.ts';

function calling() {
  const scene = new Scene();
  const call = scene.dial();
  const ourTag = scene.last.from.params.get('tag')!;
  /** A request of Bob's in the dialog. */
  const theirs = (method: string, cseq: number, fromTag = 'far', body?: Uint8Array) =>
    scene.send(method, {
      ...{ toTag: ourTag, fromTag, callId: call.callId, cseq },
      ...(body === undefined ? {} : { body }),
    });
  return { scene, call, theirs };
}

function up() {
  const called = calling();
  called.scene.respond(200, 'INVITE', { body: ANSWER });
  called.scene.ladder();
  return called;
}

function offerOf(scene: Scene): ReofferHandler {
  return {
    offer: () => OFFER,
    postponed: () => scene.note('postponed'),
    accepted: () => scene.note('accepted'),
    refused: (status) => scene.note(`refused ${status}`),
  };
}

describe('section 3.1, Bob in the moratorium', () => {
  test('3.1.1 the 200 and our repeated INVITE cross: the 200 comes twice and gets the same ACK twice', () => {
    const { scene } = calling();
    scene.run(500);
    scene.respond(200, 'INVITE', { body: ANSWER });
    const [first] = scene.sent.slice(-1);
    scene.respond(200, 'INVITE', { body: ANSWER });
    expect(scene.sent.at(-1)?.bytes).toEqual(first?.bytes);
    scene.check(`
      0 < INVITE 1
      500 < INVITE 1
      500 > 200 INVITE
      500 < ACK 1
      500 * answered
      500 > 200 INVITE
      500 < ACK 1
    `);
  });

  test('3.1.2 and appendix C: our CANCEL crosses the 200: ACK and BYE, whatever CANCEL is answered', () => {
    for (const status of [200, 481]) {
      const { scene, call } = calling();
      scene.respond(180, 'INVITE');
      call.cancel();
      scene.respond(200, 'INVITE', { body: ANSWER });
      scene.respond(status, 'CANCEL');
      scene.respond(200, 'BYE');
      scene.check(`
        0 < INVITE 1
        0 > 180 INVITE
        0 * progressed 180
        0 < CANCEL 1
        0 > 200 INVITE
        0 < ACK 1
        0 < BYE 2
        0 > ${status} CANCEL
        0 > 200 BYE
      `);
      scene.checkNothingLeft();
    }
  });

  test('3.1.3 and appendix A: we end an early dialog by CANCEL alone, never by BYE', () => {
    const { scene, call } = calling();
    scene.respond(183, 'INVITE', { headers: ['Require: 100rel', 'RSeq: 1'], body: ANSWER });
    scene.respond(200, 'PRACK');
    scene.ladder();
    call.bye();
    scene.respond(200, 'CANCEL');
    scene.respond(487, 'INVITE');
    scene.check(`
      0 < CANCEL 1
      0 > 200 CANCEL
      0 > 487 INVITE
      0 < ACK 1
    `);
    scene.checkNothingLeft();
  });

  test('3.1.4 our re-INVITE overtakes our ACK: Bob takes it, and his 200 to the first comes again and gets its ACK', () => {
    const { scene, call } = up();
    call.reoffer(offerOf(scene));
    const ack = scene.sent.at(-2);
    scene.respond(200, 'INVITE', { body: ANSWER });
    scene.raw(repeated(scene, call.callId), scene.flow);
    expect(scene.sent.at(-1)?.bytes).toEqual(ack?.bytes);
    scene.check(`
      0 < INVITE 2
      0 > 200 INVITE
      0 < ACK 2
      0 * accepted
      0 < ACK 1
    `);
  });

  test('3.1.5 our re-INVITE is refused 491 because our ACK was late: acknowledged, and again in 2.1 to 4 s', () => {
    const { scene, call } = up();
    call.reoffer(offerOf(scene));
    scene.respond(491, 'INVITE');
    scene.run(2099);
    scene.check(`
      0 < INVITE 2
      0 > 491 INVITE
      0 < ACK 2
      0 * postponed
    `);
    scene.run(1901);
    scene.respond(200, 'INVITE', { body: ANSWER });
    expect(scene.ladder().slice(-1)).toEqual(['4000 * accepted']);
  });

  test('3.1.6 our ACK is lost and we hang up: the 200 that comes again still gets its ACK', () => {
    const { scene, call } = up();
    const ack = scene.sent.at(-1);
    call.bye();
    scene.raw(repeated(scene, call.callId), scene.flow);
    expect(scene.sent.at(-1)?.bytes).toEqual(ack?.bytes);
    scene.respond(200, 'BYE');
    scene.checkNothingLeft();
  });
});

describe('section 3.2, ours has hung up', () => {
  test('3.2.1 both BYEs are answered', () => {
    const { scene, call, theirs } = up();
    call.bye();
    theirs('BYE', 1);
    scene.respond(200, 'BYE');
    scene.check(`
      0 < BYE 2
      0 > BYE 1
      0 < 200 BYE
      0 > 200 BYE
    `);
    scene.checkNothingLeft();
  });

  test('3.2.2 their re-INVITE gets 481, and its ACK is absorbed', () => {
    const { scene, call, theirs } = up();
    call.bye();
    theirs('INVITE', 1, 'far', OFFER);
    theirs('ACK', 1);
    scene.respond(200, 'BYE');
    scene.check(`
      0 < BYE 2
      0 > INVITE 1
      0 < 481 INVITE
      0 > ACK 1
      0 > 200 BYE
    `);
    scene.checkNothingLeft();
  });

  test.each(['OPTIONS', 'INFO', 'UPDATE', 'NOTIFY', 'REFER'])('appendix D: %s gets 481', (method) => {
    const { scene, call, theirs } = up();
    call.bye();
    theirs(method, 1);
    expect(scene.ladder().slice(-1)).toEqual([`0 < 481 ${method}`]);
    scene.respond(200, 'BYE');
    scene.checkNothingLeft();
  });
});

describe('section 3.3 and appendix B', () => {
  test.each(['200', '487', '481'])('B: we hang up while our re-INVITE waits; it ends with %s', (status) => {
    const { scene, call } = up();
    call.reoffer(offerOf(scene));
    scene.respond(100, 'INVITE');
    call.bye();
    scene.respond(200, 'BYE');
    scene.respond(Number(status), 'INVITE', { body: ANSWER });
    scene.check(`
      0 < INVITE 2
      0 > 100 INVITE
      0 * refused 481
      0 < BYE 3
      0 > 200 BYE
      0 > ${status} INVITE
      0 < ACK 2
    `);
    scene.checkNothingLeft();
  });

  test('3.3.1 and 3.3.2 theirs, INVITE or UPDATE, comes while our re-INVITE is out: 491', () => {
    for (const method of ['INVITE', 'UPDATE']) {
      const { scene, call, theirs } = up();
      call.reoffer(offerOf(scene));
      theirs(method, 1, 'far', OFFER);
      expect(scene.ladder().slice(-1)).toEqual([`0 < 491 ${method}`]);
      scene.respond(200, 'INVITE', { body: ANSWER });
      expect(scene.ladder().slice(-1)).toEqual(['0 * accepted']);
    }
  });
});

describe('appendix E, forks', () => {
  const reliable = (rseq: number) => ({ headers: ['Require: 100rel', `RSeq: ${rseq}`] });

  test('early dialogs by their tags; the 200 of a third is the call, and the others are forgotten', () => {
    const { scene, call, theirs } = calling();
    for (const toTag of ['one', 'two']) {
      scene.respond(180, 'INVITE', { toTag, ...reliable(1) });
      scene.respond(200, 'PRACK');
    }
    scene.respond(200, 'INVITE', { toTag: 'three', body: ANSWER });
    scene.ladder();
    // Who has lost the race speaks in no dialog any more.
    theirs('UPDATE', 1, 'one', OFFER);
    theirs('OPTIONS', 1, 'three');
    expect(scene.ladder()).toEqual(['0 > UPDATE 1', '0 < 481 UPDATE', '0 > OPTIONS 1', '0 < 200 OPTIONS']);
    call.bye();
    expect(scene.last.to.params.get('tag')).toBe('three');
    scene.respond(200, 'BYE');
    scene.checkNothingLeft();
  });

  test('a second 200 from another fork: ACK and BYE of its own, the call goes on', () => {
    const { scene, theirs } = up();
    scene.raw(repeated(scene, scene.sent[0]!.message.callId, 'other'), scene.flow);
    const [ack, bye] = scene.sent.slice(-2).map(({ message }) => message);
    expect([ack, bye].map((each) => each?.kind === 'request' && each.method)).toEqual(['ACK', 'BYE']);
    expect([ack, bye].map((each) => each?.to.params.get('tag'))).toEqual(['other', 'other']);
    scene.respond(200, 'BYE');
    theirs('OPTIONS', 1);
    expect(scene.ladder().slice(-1)).toEqual(['0 < 200 OPTIONS']);
  });
});

/** The 200 to the first INVITE, as it comes again or from another fork. */
function repeated(scene: Scene, callId: string, toTag = 'far'): string {
  const { headers } = scene.sent[0]!.message;
  return [
    'SIP/2.0 200 OK',
    `Via: ${headers.get('via')}`,
    `From: ${headers.get('from')}`,
    `To: ${headers.get('to')};tag=${toTag}`,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    'Contact: <sip:100@192.0.2.10>',
    'Content-Type: application/sdp',
    `Content-Length: ${ANSWER.length}`,
    '',
    new TextDecoder().decode(ANSWER),
  ].join('\r\n');
}
