/** Requests in a dialog that are neither offers nor BYE: what is refused, what goes up, and what the answers carry. */
import { describe, expect, test } from 'vitest';
import { NO_BODY } from '../../../src/sip/digest/client.ts';
import { ANSWER, OFFER, Scene, type SendOptions } from './scene.ts';

/** An established dialog; the application answers requests in it with `status`. */
function established(status = 200, headers: string[] = []) {
  const scene = new Scene();
  scene.endpoint.onInvite = (invite) => {
    scene.invites.push(invite);
    invite.handler = scene.handler({
      requested: (request) => {
        scene.note(`requested ${request.method}`);
        return status;
      },
    });
  };
  scene.send('INVITE', { body: OFFER, headers: ['Contact: <sip:100@192.0.2.10>', ...headers] });
  const call = scene.invites[0]!.accept(ANSWER);
  const toTag = scene.ourTag;
  scene.send('ACK', { toTag, branch: 'ack1' });
  scene.ladder();
  const ask = (method: string, options: SendOptions = {}) => {
    scene.send(method, { toTag, cseq: 2, ...options });
    return scene.last;
  };
  return { scene, call, toTag, ask };
}

describe('refused without asking anybody', () => {
  test.each([
    ['SUBSCRIBE', ['Event: presence'], 489, 'allow-events', 'refer'],
    ['SUBSCRIBE', ['Event: refer'], 403, undefined, ''],
    ['NOTIFY', ['Event: presence'], 489, 'allow-events', 'refer'],
    ['NOTIFY', [], 489, 'allow-events', 'refer'],
    ['PUBLISH', ['Event: presence'], 405, 'allow', 'INVITE'],
    // RFC 6086 section 5.2.1: no package of ours, and the answer says so.
    ['INFO', ['Info-Package: nil'], 469, 'recv-info', ''],
    ['FOO', [], 501, 'allow', 'INVITE'],
  ] as const)('%s with %j: %i', (method, headers, status, header, value) => {
    const { scene, ask } = established();
    expect(ask(method, { headers: [...headers] })).toMatchObject({ status });
    if (header !== undefined) expect(scene.last.headers.get(header)).toContain(value);
    expect(scene.ladder().some((line) => line.includes('requested'))).toBe(false);
  });

  test('OPTIONS in a dialog: 200 with what we can do, whatever the application says', () => {
    const { ask } = established(500);
    const answer = ask('OPTIONS');
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers.get('allow')).toContain('REFER, NOTIFY');
    expect(answer.headers.get('accept')).toBe('application/sdp, multipart/mixed');
  });
});

describe('what the application decides', () => {
  test.each([
    ['MESSAGE', 405, 'allow', 'INVITE'],
    ['INFO', 415, 'accept', 'application/dtmf-relay, application/dtmf'],
    ['REFER', 603, undefined, ''],
    ['REFER', 202, 'contact', '<sip:192.0.2.1:5060>'],
  ] as const)('%s: %i carries what it must', (method, status, header, value) => {
    const { ask } = established(status);
    const answer = ask(method, { headers: ['Refer-To: <sip:1@h>'] });
    expect(answer).toMatchObject({ status });
    if (header !== undefined) expect(answer.headers.get(header)).toContain(value);
  });

  test("a NOTIFY of a transfer goes up, and a body that is none gets the fragment's type", () => {
    const { ask } = established(415);
    const answer = ask('NOTIFY', { headers: ['Event: refer;id=1'] });
    expect(answer).toMatchObject({ status: 415 });
    expect(answer.headers.get('accept')).toBe('message/sipfrag');
  });
});

describe('ours', () => {
  test('REFER says where we are, and its answer is read', () => {
    const { scene, call } = established();
    const heard: unknown[] = [];
    const numbers: number[] = [];
    const headers = [['Refer-To', '<sip:200@192.0.2.10>']] as const;
    const onFinal = (status: number, header?: (name: string) => string | undefined) =>
      heard.push([status, header?.('Refer-Sub')]);
    call.request('REFER', '', NO_BODY, onFinal, { headers, sent: (cseq) => numbers.push(cseq) });
    expect(scene.last).toMatchObject({ method: 'REFER', uri: 'sip:100@192.0.2.10' });
    expect(scene.last.headers.get('refer-to')).toBe('<sip:200@192.0.2.10>');
    expect(scene.last.headers.get('contact')).toBe('<sip:192.0.2.1:5060>');
    expect(numbers).toEqual([scene.last.cseq.number]);
    scene.respond(202, 'REFER', { headers: ['Refer-Sub: false'] });
    expect(heard).toEqual([[202, 'false']]);
  });

  test('a challenged REFER goes out again, and its number is told again', () => {
    const { scene, call } = established();
    scene.invites[0]!.authenticator = {
      authenticate: () => [['Authorization', 'Digest mine']],
      headers: () => [],
    };
    const heard: number[] = [];
    const numbers: number[] = [];
    const options = { sent: (cseq: number) => numbers.push(cseq) };
    call.request('REFER', '', NO_BODY, (status) => heard.push(status), options);
    scene.respond(401, 'REFER', { headers: ['WWW-Authenticate: Digest realm="a", nonce="b"'] });
    expect(scene.last.headers.get('authorization')).toBe('Digest mine');
    expect(numbers).toEqual([1, 2]);
    scene.respond(202, 'REFER');
    expect(heard).toEqual([202]);
  });

  test('a NOTIFY that finds no subscription leaves the call; any other 481 ends it (RFC 5057 section 5.2)', () => {
    const { scene, call } = established();
    call.request('NOTIFY', '', NO_BODY, () => {});
    scene.respond(481, 'NOTIFY');
    expect(scene.endpoint.gauges().calls).toBe(1);
    call.request('INFO', '', NO_BODY, () => {});
    scene.respond(481, 'INFO');
    expect(scene.ladder().at(-1)).toContain('ended transport');
  });

  test('the names of a dialog, and what the far end allows', () => {
    const { call, toTag } = established(200, ['Allow: INVITE, ACK, BYE', 'Allow: INFO']);
    expect(call.dialog).toEqual({
      callId: 'call-1',
      localTag: toTag,
      remoteTag: 'far',
      target: 'sip:100@192.0.2.10',
      localUri: 'sip:600@192.0.2.1',
      remoteUri: 'sip:100@192.0.2.10',
    });
    expect([call.allows?.('INFO'), call.allows?.('REFER')]).toEqual([true, false]);
    expect(established().call.allows?.('INFO')).toBeUndefined();
  });
});
