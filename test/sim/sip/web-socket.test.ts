/** SIP over WebSocket (RFC 7118): the connection is the only way back, and strangers get nothing but a challenge. */
import { expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const web = (port: number, address = '203.0.113.9') => flowFrom(address, port, 'ws');
const VIA = 'SIP/2.0/WS df7jal23ls0d.invalid';
const CONTACT = ['Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>'];

/** A call on `flow`, answered and acknowledged. */
function established(scene: Scene, flow = scene.flow) {
  scene.send('INVITE', { body: OFFER, headers: CONTACT, flow });
  const call = scene.invites.at(-1)!.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack', flow });
  return call;
}

test('our Contact says ws, and our BYE goes to the host that is none over the connection that is', () => {
  const scene = new Scene({ flow: web(40_000) });
  const call = established(scene);
  expect(fromUtf8(scene.sent[1]!.bytes)).toContain('Contact: <sip:192.0.2.1:5060;transport=ws>\r\n');
  call.bye();
  const bye = scene.sent.at(-1)!;
  expect(bye.flow).toBe(scene.flow);
  expect(fromUtf8(bye.bytes)).toMatch(
    /^BYE sip:alice@df7jal23ls0d\.invalid;transport=ws SIP\/2\.0\r\nVia: SIP\/2\.0\/WS /,
  );
  scene.endpoint.abandon();
});

test('over TLS the URI says ws all the same', () => {
  const scene = new Scene({ flow: flowFrom('203.0.113.9', 40_000, 'wss') });
  established(scene);
  expect(fromUtf8(scene.sent[1]!.bytes)).toContain(';transport=ws>');
  scene.endpoint.abandon();
});

test('a call goes on over the connection that its phone came back with', () => {
  const old = web(40_000);
  const scene = new Scene({ flow: old });
  const call = established(scene);
  scene.endpoint.flowClosed(old);
  const next = web(40_001);
  scene.send('INFO', { toTag: scene.ourTag, cseq: 2, flow: next, headers: CONTACT });
  call.bye();
  expect(scene.sent.at(-1)!.flow).toBe(next);
  scene.endpoint.abandon();
});

test('on the wire without a connection a BYE goes nowhere, and nothing is left of the call', () => {
  const scene = new Scene({ flow: web(40_000), openFlow: () => undefined });
  const call = established(scene);
  scene.endpoint.flowClosed(scene.flow);
  const before = scene.sent.length;
  call.bye();
  expect(scene.sent).toHaveLength(before);
  scene.checkNothingLeft();
});

test.each(['INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE', 'FOO'])(
  '%s of a stranger gets the challenge that all get, and nothing is kept',
  (method) => {
    const scene = new Scene({ flow: web(40_000) });
    scene.endpoint.authorize = () => ({
      status: 401,
      headers: [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']],
    });
    scene.raw(
      [
        `${method} sip:lobby@192.0.2.1 SIP/2.0`,
        `Via: ${VIA};branch=z9hG4bKx`,
        'Max-Forwards: 70',
        'From: <sip:alice@192.0.2.1>;tag=1',
        'To: <sip:lobby@192.0.2.1>',
        'Call-ID: stranger',
        `CSeq: 1 ${method}`,
        'Require: something-odd',
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n'),
      scene.flow,
    );
    const text = fromUtf8(scene.sent.at(-1)!.bytes);
    expect(text).toMatch(/^SIP\/2\.0 401 /);
    expect(text).toContain(`Via: ${VIA};branch=z9hG4bKx;received=203.0.113.9;rport=40000\r\n`);
    expect(text).not.toMatch(/\r\n(Allow|Accept|Unsupported|Supported): /);
    expect(scene.invites).toEqual([]);
    scene.checkNothingLeft();
  },
);

test('who has proven himself is told that there is no registrar', () => {
  const scene = new Scene({ flow: web(40_000) });
  const asked: string[] = [];
  scene.endpoint.authorize = ({ method }) => {
    asked.push(method);
    return undefined;
  };
  scene.send('REGISTER', { headers: CONTACT });
  expect(fromUtf8(scene.sent.at(-1)!.bytes)).toMatch(/^SIP\/2\.0 405 /);
  expect(asked).toEqual(['REGISTER']);
  scene.endpoint.abandon();
});
