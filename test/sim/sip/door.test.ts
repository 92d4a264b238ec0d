/** What the door does with requests that become no call: refusals, strangers, overload, shutdown. */
import { expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { flowFrom, OFFER, Scene } from './scene.ts';

test('OPTIONS is answered with what we can do', () => {
  const scene = new Scene();
  scene.send('OPTIONS');
  expect(scene.last).toMatchObject({ status: 200 });
  expect(scene.last.headers.get('allow')).toContain('INVITE');
  expect(scene.last.headers.get('accept')).toBe('application/sdp, multipart/mixed');
  expect(scene.last.headers.get('supported')).toBe('timer, 100rel, norefersub, replaces');
  expect(scene.last.to.params.has('tag')).toBe(true);
  scene.checkNothingLeft();
});

test.each([
  ['REGISTER', {}, 405],
  ['PUBLISH', {}, 405],
  ['MESSAGE', {}, 405],
  ['REFER', {}, 403],
  ['SUBSCRIBE', {}, 489],
  ['SUBSCRIBE', { headers: ['Event: presence'] }, 489],
  // RFC 3515 section 2.4.4: nobody subscribes to a transfer that is none.
  ['SUBSCRIBE', { headers: ['Event: refer'] }, 403],
  ['NOTIFY', {}, 481],
  ['FOO', {}, 501],
  ['BYE', {}, 481],
  ['INFO', { toTag: 'unknown' }, 481],
  ['INVITE', { toTag: 'unknown' }, 481],
  ['INVITE', { uri: 'http://example.com/' }, 416],
  ['INVITE', { uri: 'sip:a@b?Route=%3Csip:c%3E' }, 400],
  ['INVITE', { headers: ['Require: precondition'] }, 420],
  ['INVITE', { headers: ['Require: 100rel, foo'] }, 420],
  ['INVITE', { headers: ['Accept: text/plain'] }, 406],
  ['INVITE', { body: OFFER, headers: ['Content-Encoding: gzip'] }, 415],
] as const)('%s %j gets %i', (method, options, status) => {
  const scene = new Scene();
  scene.send(method, { ...options, headers: 'headers' in options ? [...options.headers] : [] });
  expect(scene.last).toMatchObject({ status });
  expect(scene.invites).toHaveLength(0);
  if (status === 405 || status === 501) expect(scene.last.headers.get('allow')).toContain('INVITE');
  scene.checkNothingLeft();
});

test('420 names in Unsupported what is required and not known, and nothing else', () => {
  const scene = new Scene();
  scene.send('INVITE', { headers: ['Require: timer, foo', 'Require: bar', 'Proxy-Require: baz'] });
  expect(scene.last).toMatchObject({ status: 420 });
  expect(scene.last.headers.get('unsupported')).toBe('foo, bar');
});

test('Proxy-Require is for proxies: a caller who asks them for privacy is let in', () => {
  const scene = new Scene();
  const headers = ['Contact: <sip:100@192.0.2.10>', 'Privacy: id', 'Proxy-Require: privacy'];
  scene.send('INVITE', { body: OFFER, headers });
  expect(scene.last).toMatchObject({ status: 100 });
});

/** A request as text, for what {@link Scene.send} cannot say. */
function raw(method: string, changes: Record<string, string> = {}, body = ''): string {
  const headers: Record<string, string> = {
    Via: 'SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKraw',
    From: '<sip:100@192.0.2.10>;tag=far',
    To: '<sip:600@192.0.2.1>',
    'Call-ID': 'raw',
    CSeq: `1 ${method}`,
    'Max-Forwards': '70',
    'Content-Length': String(body.length),
    ...changes,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${method} sip:600@192.0.2.1 SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

test.each([
  ['a foreign body', raw('INVITE', { 'Content-Type': 'text/plain' }, 'hello'), 415],
  ['Max-Forwards 0 on a call', raw('INVITE', { 'Max-Forwards': '0' }), 483],
  ['Max-Forwards 0 on OPTIONS, which is for us', raw('OPTIONS', { 'Max-Forwards': '0' }), 200],
  ['a CSeq of another method', raw('OPTIONS', { CSeq: '1 INVITE' }), 400],
  ['a body cut short', raw('INVITE', { 'Content-Length': '900' }), 400],
  ['a version to come', raw('OPTIONS').replace('SIP/2.0', 'SIP/7.0'), 505],
])('%s: %#', (_name, text, status) => {
  const scene = new Scene();
  scene.raw(text);
  expect(scene.last).toMatchObject({ status });
  scene.checkNothingLeft();
});

const PARTS = { 'Content-Type': 'multipart/mixed;boundary=b' };

test('a call whose SDP stands beside ISUP or a location (SIP-I, RFC 6442) is taken', () => {
  const scene = new Scene();
  const isup =
    'Content-Type: application/ISUP\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x01\x02';
  const sdp = `Content-Type: application/sdp\r\n\r\n${fromUtf8(OFFER)}`;
  scene.raw(raw('INVITE', PARTS, `--b\r\n${isup}\r\n--b\r\n${sdp}\r\n--b--\r\n`));
  expect(fromUtf8(scene.invites[0]!.offer!)).toBe(fromUtf8(OFFER));
});

test('a part that must be understood is refused, a body that need not be is passed over', () => {
  const scene = new Scene();
  const isup = 'Content-Type: application/ISUP\r\nContent-Disposition: signal;handling=required\r\n\r\nx';
  scene.raw(raw('INVITE', PARTS, `--b\r\n${isup}\r\n--b--\r\n`));
  expect(scene.last).toMatchObject({ status: 415 });
  expect(scene.last.headers.get('accept')).toBe('application/sdp, multipart/mixed');
  const other = new Scene();
  const optional = { 'Content-Type': 'text/plain', 'Content-Disposition': 'render;handling=optional' };
  other.raw(raw('INVITE', optional, 'hello'));
  expect(other.invites[0]!.offer).toBeUndefined();
});

test('an unclosed quote is answered although it must be given back', () => {
  const scene = new Scene();
  scene.raw(raw('OPTIONS', { To: '"open <sip:600@192.0.2.1>' }));
  scene.check('0 < 400 to what is malformed');
  scene.checkNothingLeft();
});

test.each([
  ['a bad ACK', raw('ACK', { CSeq: 'x ACK' }), 'bad-cseq'],
  ['a bad response', raw('OPTIONS', { CSeq: 'x' }).replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'), 'bad-cseq'],
  ['a response to nothing', raw('OPTIONS').replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'), 'stray-response'],
  ['an ACK of nothing', raw('ACK'), 'stray-ack'],
  ['no Call-ID', raw('OPTIONS').replace(/Call-ID.*\r\n/, ''), 'missing-header'],
  ['noise', 'hello', 'no-end-of-headers'],
  ['STUN', '\0\u0001\0\0!\u0012\u00a4Babcdefghijkl', 'no-end-of-headers'],
])('%s is counted and not answered', (_name, text, reason) => {
  const scene = new Scene();
  scene.raw(text);
  expect(scene.sent).toEqual([]);
  expect(scene.drops()).toEqual({ [reason]: 1 });
  scene.checkNothingLeft();
});

test('keep-alives are neither answered nor counted', () => {
  const scene = new Scene();
  for (const text of ['', '\r\n', '\r\n\r\n', '\0\0']) scene.raw(text);
  expect(scene.drops()).toEqual({});
  expect(scene.sent).toEqual([]);
});

test('a source that no trunk names hears nothing, whatever it sends, and leaves nothing', () => {
  const scene = new Scene({
    admission: (flow) => (flow.remote.address === '192.0.2.10' ? 'admit' : 'ignore'),
  });
  const stranger = flowFrom('198.51.100.7');
  for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'BYE', 'CANCEL', 'ACK'])
    scene.send(method, { flow: stranger });
  scene.raw('rubbish', stranger);
  expect(scene.sent).toEqual([]);
  expect(scene.endpoint.gauges()).toEqual({ calls: 0, transactions: 0, connections: 0 });
  expect(scene.drops()).toEqual({ 'not-admitted': 7 });
  expect(scene.dropped).toHaveLength(1);
});

test('no header says where a request comes from', () => {
  const scene = new Scene({
    admission: (flow) => (flow.remote.address === '192.0.2.10' ? 'admit' : 'ignore'),
  });
  const lies = {
    Via: 'SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKlie;received=192.0.2.10;rport=5060',
    'X-Forwarded-For': '192.0.2.10',
    'X-Real-IP': '192.0.2.10',
    Contact: '<sip:100@192.0.2.10>',
  };
  scene.raw(raw('OPTIONS', lies), flowFrom('198.51.100.7'));
  expect(scene.sent).toEqual([]);
  // Of who may speak the answer goes to where he is, whatever his Via says.
  const via = 'SIP/2.0/UDP 198.51.100.7:9;branch=z9hG4bKlie;received=198.51.100.7;rport=9';
  scene.raw(raw('OPTIONS', { ...lies, Via: via }), flowFrom('192.0.2.10', 40_000));
  expect(scene.sent[0]?.flow.remote).toEqual({ address: '192.0.2.10', port: 40_000 });
  expect(scene.last.headers.get('via')).toBe(
    'SIP/2.0/UDP 198.51.100.7:9;branch=z9hG4bKlie;received=192.0.2.10;rport=40000',
  );
});

test('the same call by two ways: the second gets 482 and the application hears of one', () => {
  const scene = new Scene();
  scene.send('INVITE', { branch: 'one', body: OFFER });
  scene.send('INVITE', { branch: 'two', body: OFFER });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 > INVITE 1
    0 < 482 INVITE
  `);
  scene.invites[0]!.reject(480);
  scene.checkNothingLeft();
});

test('the cap on calls: 503 with Retry-After and nothing kept; what lives goes on', () => {
  const scene = new Scene({ limits: { calls: 1 } });
  scene.establish();
  const tag = scene.ourTag;
  const before = scene.endpoint.gauges();
  scene.send('INVITE', { callId: 'call-2', branch: 'second', body: OFFER });
  expect(scene.last).toMatchObject({ status: 503 });
  expect(scene.last.headers.get('retry-after')).toBe('5');
  expect(scene.endpoint.gauges()).toEqual(before);
  scene.send('BYE', { toTag: tag, cseq: 2 });
  expect(scene.last).toMatchObject({ status: 200 });
  scene.checkNothingLeft();
});

test('the cap on transactions: first new calls are refused, at twice of it all is dropped', () => {
  const scene = new Scene({ limits: { transactions: 2 } });
  for (let i = 0; i < 4; i++) scene.send('OPTIONS', { branch: `options${i}`, callId: `options${i}` });
  scene.send('INVITE', { body: OFFER });
  expect(scene.last).toMatchObject({ status: 503 });
  scene.send('OPTIONS', { branch: 'last', callId: 'last' });
  expect(scene.endpoint.gauges().transactions).toBe(4);
  expect(scene.drops()).toEqual({ overload: 1 });
  scene.checkNothingLeft();
});

test('after shutdown new calls get 503, calls that live are not touched', () => {
  const scene = new Scene();
  scene.establish();
  scene.endpoint.shutdown();
  scene.send('INVITE', { callId: 'call-2', branch: 'second', body: OFFER });
  expect(scene.last).toMatchObject({ status: 503 });
  scene.send('INFO', { toTag: scene.sent[1]!.message.to.params.get('tag')!, cseq: 2 });
  expect(scene.last).toMatchObject({ status: 200 });
  scene.endpoint.abandon();
  expect(scene.endpoint.gauges()).toEqual({ calls: 0, transactions: 0, connections: 0 });
  expect(scene.queue.size).toBe(0);
});

test('an RFC 2543 caller without branch or tag gets its call, its ACK is matched', () => {
  const scene = new Scene();
  const invite = raw('INVITE', { Via: 'SIP/2.0/UDP 192.0.2.10', From: '<sip:100@192.0.2.10>' });
  scene.raw(invite);
  scene.raw(invite);
  expect(scene.invites).toHaveLength(1);
  scene.invites[0]!.reject(404);
  const to = `<sip:600@192.0.2.1>;tag=${scene.ourTag}`;
  scene.raw(raw('ACK', { Via: 'SIP/2.0/UDP 192.0.2.10', From: '<sip:100@192.0.2.10>', To: to }));
  expect(scene.drops()).toEqual({});
  scene.run(6000);
  expect(scene.endpoint.gauges().transactions).toBe(0);
});
