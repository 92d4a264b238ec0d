/** Where our requests in a dialog go, and from where theirs may come. */
import { expect, test } from 'vitest';
import { formatHostPort } from '../../../src/base/net.ts';
import type { NextHop } from '../../../src/sip/ports.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const SOURCE = '192.0.2.10';

test.each([
  ['the Contact, when it is an address', SOURCE, ['Contact: <sip:a@192.0.2.44:5070>'], '192.0.2.44:5070'],
  ['its port on the same host', SOURCE, ['Contact: <sip:a@192.0.2.10:5099>'], '192.0.2.10:5099'],
  [
    'the first Route',
    SOURCE,
    ['Contact: <sip:a@10.0.0.1>', 'Record-Route: <sip:192.0.2.50;lr>'],
    '192.0.2.50:5060',
  ],
  ['the source, for a name', SOURCE, ['Contact: <sip:a@sbc.example.com>'], '192.0.2.10:4000'],
  [
    'the source, for a private address told from outside',
    SOURCE,
    ['Contact: <sip:a@10.1.2.3>'],
    '192.0.2.10:4000',
  ],
  [
    'the source, when its Via shows a NAT',
    '203.0.113.5',
    ['Contact: <sip:a@192.0.2.44:5070>'],
    '203.0.113.5:4000',
  ],
  ['the source, without a Contact', SOURCE, [], '192.0.2.10:4000'],
])('BYE goes to %s', (_name, source, headers, wanted) => {
  const scene = new Scene({ flow: flowFrom(source, 4000) });
  scene.send('INVITE', { body: OFFER, headers });
  const call = scene.invites[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  call.bye();
  expect(formatHostPort(scene.sent.at(-1)!.flow.remote)).toBe(wanted);
});

test('the next hop may speak in the dialog, others may not', () => {
  const scene = new Scene();
  scene.send('INVITE', { body: OFFER, headers: ['Contact: <sip:a@192.0.2.44>'] });
  scene.invites[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1', flow: flowFrom('192.0.2.66') });
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1', flow: flowFrom('192.0.2.44') });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    0 > ACK 1
    0 > ACK 1
    0 * confirmed
  `);
  expect(scene.drops()).toEqual({ 'foreign-source': 1 });
});

test('a call outlives its TCP connection: the BYE opens another', () => {
  const first = flowFrom('192.0.2.10', 40_000, 'tcp');
  const scene = new Scene({ flow: first });
  const call = scene.establish();
  scene.endpoint.flowClosed(first);
  call.bye();
  const bye = scene.sent.at(-1)!;
  expect(bye.message).toMatchObject({ method: 'BYE' });
  expect(bye.flow).toMatchObject({ transport: 'tcp', remote: { address: '192.0.2.10', port: 5060 } });
  scene.respond(200, 'BYE');
  scene.checkNothingLeft();
});

test.each([
  [
    'the port of TLS where the Contact names none',
    '<sip:a@192.0.2.10;transport=tls>',
    '192.0.2.10:5061',
    undefined,
  ],
  [
    'the name of the Contact, at the address that it came from',
    '<sips:a@pbx.example.com>',
    '192.0.2.10:5061',
    'pbx.example.com',
  ],
])('a call outlives its TLS connection; the BYE goes to %s', (_name, contact, wanted, name) => {
  const first = flowFrom('192.0.2.10', 40_000, 'tls');
  const opened: NextHop[] = [];
  const openFlow = (next: NextHop) => {
    opened.push(next);
    return flowFrom(next.remote.address, next.remote.port, next.transport);
  };
  const scene = new Scene({ flow: first, openFlow });
  scene.send('INVITE', { body: OFFER, headers: [`Contact: ${contact}`] });
  const call = scene.invites[0]!.accept(ANSWER);
  scene.send('ACK', { toTag: scene.ourTag, branch: 'ack1' });
  scene.endpoint.flowClosed(first);
  call.bye();
  expect(opened.map(({ remote }) => formatHostPort(remote))).toEqual([wanted]);
  expect(opened[0]!.name).toBe(name);
  scene.endpoint.abandon();
});

test('a call of ours outlives its TLS connection: whoever answers there must be who was called', () => {
  const opened: NextHop[] = [];
  const openFlow = (next: NextHop) => {
    opened.push(next);
    return flowFrom(next.remote.address, next.remote.port, next.transport);
  };
  const scene = new Scene({ openFlow });
  const next = {
    transport: 'tls' as const,
    remote: { address: '192.0.2.10', port: 5061 },
    name: 'carrier.example',
  };
  const call = scene.dial({ next });
  scene.respond(200, 'INVITE', { body: ANSWER });
  scene.endpoint.flowClosed(scene.sent.at(-1)!.flow);
  opened.length = 0;
  call.bye();
  expect(opened).toMatchObject([{ ...next, remote: { address: '192.0.2.10' } }]);
  scene.endpoint.abandon();
});

test('no way left: the BYE is given up at once and nothing stays', () => {
  const first = flowFrom('192.0.2.10', 40_000, 'tcp');
  const scene = new Scene({ flow: first, openFlow: () => undefined });
  const call = scene.establish();
  scene.endpoint.flowClosed(first);
  call.bye();
  scene.check('');
  scene.checkNothingLeft();
});
