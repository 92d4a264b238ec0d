/** Over TLS our Contact leads back over TLS, and in a dialog begun with SIPS it is a SIPS URI (RFC 3261 section 12.1.1). */
import { expect, test } from 'vitest';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const contact = (scene: Scene) => scene.last.headers.get('contact');

test.each([
  ['sips:600@192.0.2.1', '<sips:192.0.2.1:5060>'],
  ['sip:600@192.0.2.1', '<sip:192.0.2.1:5060;transport=tls>'],
])('a call to %s: each answer of its dialog has %s', (uri, wanted) => {
  const scene = new Scene({ flow: flowFrom('192.0.2.10', 40_000, 'tls') });
  scene.send('INVITE', { uri, body: OFFER });
  const invite = scene.invites.at(-1)!;
  invite.handler = scene.handler({ reoffered: (_request, _offer, settle) => settle.accept(ANSWER) });
  invite.progress(180);
  expect(contact(scene)).toBe(wanted);
  invite.accept(ANSWER);
  expect(contact(scene)).toBe(wanted);
  const toTag = scene.ourTag;
  scene.send('ACK', { uri, toTag, branch: 'ack1' });
  scene.send('INVITE', { uri, toTag, cseq: 2, branch: 'again', body: OFFER });
  expect(contact(scene)).toBe(wanted);
  scene.send('ACK', { uri, toTag, cseq: 2, branch: 'ack2' });
  scene.send('BYE', { uri, toTag, cseq: 3 });
  scene.checkNothingLeft();
});

test.each([
  ['sips:600@192.0.2.10', '<sips:192.0.2.1:5060>'],
  ['sip:600@192.0.2.10', '<sip:192.0.2.1:5060;transport=tls>'],
])('a call of ours to %s has %s', (to, wanted) => {
  const scene = new Scene();
  const next = { transport: 'tls' as const, remote: { address: '192.0.2.10', port: 5061 } };
  scene.dial({ to, next });
  expect(contact(scene)).toBe(wanted);
  scene.endpoint.abandon();
});

test('over TLS our requests offer the connection for theirs (RFC 5923), over others not', () => {
  for (const transport of ['tls', 'tcp', 'udp'] as const) {
    const scene = new Scene({ flow: flowFrom('192.0.2.10', 5061, transport) });
    scene.establish().bye();
    expect(scene.last.via.params.has('alias'), transport).toBe(transport === 'tls');
  }
});

test('a peer that offers its TLS connection is heard, with the port that it names', () => {
  const heard: unknown[] = [];
  const flow = flowFrom('192.0.2.10', 40_000, 'tls');
  const scene = new Scene({ flow, aliased: (on, port) => heard.push([on.remote.port, port]) });
  const options = (via: string, on = flow) =>
    scene.raw(
      [
        'OPTIONS sip:600@192.0.2.1 SIP/2.0',
        `Via: SIP/2.0/TLS ${via}`,
        'Max-Forwards: 70',
        'From: <sip:a@b>;tag=1',
        'To: <sip:600@192.0.2.1>',
        'Call-ID: alias',
        'CSeq: 1 OPTIONS',
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n'),
      on,
    );
  options('pbx.example.com:5071;branch=z9hG4bKa1;alias');
  options('pbx.example.com;branch=z9hG4bKa2;rport;alias');
  options('pbx.example.com;branch=z9hG4bKa3');
  options('pbx.example.com;branch=z9hG4bKa4;alias', flowFrom('192.0.2.10', 40_000, 'tcp'));
  expect(heard).toEqual([
    [40_000, 5071],
    [40_000, 5061],
  ]);
});
