import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { flowFrom, OFFER, Scene } from './scene.ts';

const BIG = utf8(`v=0\r\na=${'x'.repeat(1500)}\r\n`);

function dial(scene: Scene, sdp: Uint8Array) {
  return scene.dial({ sdp });
}

const via = (scene: Scene) => scene.last.headers.get('via') ?? '';

test('a small request goes by the transport that it was given', () => {
  const scene = new Scene();
  dial(scene, OFFER);
  expect(via(scene)).toMatch(/^SIP\/2\.0\/UDP /);
});

test('a request over 1300 bytes goes over TCP and says so; its ACK and its dialog go on', () => {
  const scene = new Scene();
  dial(scene, BIG);
  expect(via(scene)).toMatch(/^SIP\/2\.0\/TCP /);
  expect(scene.sent.at(-1)?.flow.transport).toBe('tcp');
  // Over TCP nothing is sent twice.
  scene.run(5000);
  expect(scene.sent).toHaveLength(1);
  scene.respond(486, 'INVITE');
  expect(scene.last).toMatchObject({ kind: 'request', method: 'ACK' });
  expect(via(scene)).toMatch(/^SIP\/2\.0\/TCP /);
  scene.checkNothingLeft();
});

test('its CANCEL goes the same way (section 9.1)', () => {
  const scene = new Scene();
  const call = dial(scene, BIG);
  const flow = scene.sent.at(-1)?.flow;
  scene.respond(180, 'INVITE');
  call.cancel();
  expect(scene.last).toMatchObject({ kind: 'request', method: 'CANCEL' });
  expect(scene.sent.at(-1)?.flow).toBe(flow);
  expect(via(scene)).toMatch(/^SIP\/2\.0\/TCP /);
  scene.respond(200, 'CANCEL');
  scene.respond(487, 'INVITE');
  scene.checkNothingLeft();
});

test('where nobody listens it goes over UDP after all, and the next one does so at once', () => {
  const scene = new Scene();
  const call = dial(scene, BIG);
  scene.endpoint.flowClosed(scene.sent.at(-1)!.flow);
  expect(scene.sent.map(({ flow }) => flow.transport)).toEqual(['tcp', 'udp']);
  expect(via(scene)).toMatch(/^SIP\/2\.0\/UDP /);
  scene.respond(200, 'INVITE');
  scene.check(`
    0 < INVITE 1
    0 < INVITE 1
    0 > 200 INVITE
    0 < ACK 1
    0 * answered
  `);
  dial(scene, BIG);
  expect(scene.sent.at(-1)?.flow.transport).toBe('udp');
  call.bye();
  scene.endpoint.abandon();
});

test('a connection that breaks after the first answer is the end of the call, not another INVITE', () => {
  const scene = new Scene();
  dial(scene, BIG);
  scene.respond(180, 'INVITE');
  scene.endpoint.flowClosed(scene.sent.at(-1)!.flow);
  scene.check(`
    0 < INVITE 1
    0 > 180 INVITE
    0 * progressed 180
    0 * ended transport
  `);
  scene.checkNothingLeft();
});

test('without TCP at all it goes over UDP', () => {
  const scene = new Scene({
    openFlow: ({ transport, remote }) =>
      transport === 'udp' ? flowFrom(remote.address, remote.port) : undefined,
  });
  dial(scene, BIG);
  expect(via(scene)).toMatch(/^SIP\/2\.0\/UDP /);
});
