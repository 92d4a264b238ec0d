import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listenHttps } from '../../../src/adapters/http/https.ts';
import type { HttpServer } from '../../../src/adapters/http/server.ts';
import { Certificates } from '../../../src/adapters/tcp/certificates.ts';
import { Authority } from '../../support/certificates.ts';

/** A Binding request (RFC 8489) without attributes. */
const BINDING = Uint8Array.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12)]);
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

let both: HttpServer;
let alone: HttpServer;
/** What each connection that was handed to TURN has brought. */
const relayed: Buffer[][] = [];

beforeAll(async () => {
  const { certificate, key } = new Authority().issue('localhost', 'IP:127.0.0.1');
  const identity = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  const options = {
    certificates: new Certificates([identity], undefined),
    fetch: () => new Response('a page'),
    upgrade: (_: unknown, socket: { destroy(): void }) => socket.destroy(),
  };
  const turn = (socket: TLSSocket) => {
    const came: Buffer[] = [];
    relayed.push(came);
    socket.on('data', (bytes: Buffer) => came.push(bytes));
    socket.on('error', () => {});
  };
  both = await listenHttps({ address: '127.0.0.1', port: 0 }, { ...options, turn });
  alone = await listenHttps({ address: '127.0.0.1', port: 0 }, options);
});

afterAll(async () => {
  await both.close(0);
  await alone.close(0);
});

interface Spoken {
  readonly alpn: string | false | null;
  readonly answer: string;
}

/** Says `text` in a connection whose client names these protocols, and waits until it is closed, or `enough` is true. */
async function speak(
  server: HttpServer,
  protocols: string[],
  text: string | Uint8Array,
  enough: () => boolean = () => false,
): Promise<Spoken> {
  const { port } = server.local;
  const socket = connect({
    ...{ host: '127.0.0.1', port, rejectUnauthorized: false },
    ...(protocols.length > 0 ? { ALPNProtocols: protocols } : {}),
  });
  let answer = '';
  let alpn: Spoken['alpn'] = null;
  socket.on('secureConnect', () => {
    alpn = socket.alpnProtocol;
    socket.write(text);
  });
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1');
  });
  socket.on('error', (error) => {
    answer = error.message;
  });
  await vi.waitFor(() => expect(socket.closed || enough()).toBe(true));
  socket.destroy();
  return { alpn, answer };
}

test('who says by ALPN that it is TURN (RFC 7443) gets TURN, whatever its first byte is', async () => {
  const before = relayed.length;
  const enough = () => relayed.length > before && relayed[before]!.length > 0;
  // 0x40 begins ChannelData, and could be a letter of HTTP.
  const { alpn } = await speak(both, ['stun.turn'], Uint8Array.of(0x40, 0, 0, 0), enough);
  expect([alpn, relayed[before]![0]]).toEqual(['stun.turn', Buffer.from([0x40, 0, 0, 0])]);
});

test.each([[['http/1.1']], [['h2', 'http/1.1']], [[]]])(
  'a browser that names %j gets the page',
  async (names) => {
    const before = relayed.length;
    const { alpn, answer } = await speak(both, names, GET);
    expect(alpn).toBe(names.length > 0 ? 'http/1.1' : false);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*a page/);
    expect(relayed).toHaveLength(before);
  },
);

test('who names nothing and begins as STUN does gets TURN, with all that it said', async () => {
  const before = relayed.length;
  const enough = () => relayed.length > before && relayed[before]!.length > 0;
  const { alpn } = await speak(both, [], BINDING, enough);
  expect([alpn, Buffer.concat(relayed[before]!)]).toEqual([false, Buffer.from(BINDING)]);
});

test('a gateway without TURN offers none, and closes who tries', async () => {
  const before = relayed.length;
  expect((await speak(alone, ['stun.turn'], BINDING)).answer).toMatch(/no application protocol/);
  expect(await speak(alone, [], BINDING)).toEqual({ alpn: false, answer: '' });
  expect((await speak(alone, ['http/1.1'], GET)).answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(relayed).toHaveLength(before);
});
