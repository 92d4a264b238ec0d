/** The code point of what we send, as the kernel of who gets it sees it. */

import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadAddon } from '../../../src/adapters/native/addon.ts';
import { DATAGRAM_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { Certificates } from '../../../src/adapters/tcp/certificates.ts';
import { defaultTcpLimits } from '../../../src/adapters/tcp/connection.ts';
import { openDoor } from '../../../src/adapters/tcp/door.ts';
import { connectTcp } from '../../../src/adapters/tcp/tcp.ts';
import { connectTls, listenTls } from '../../../src/adapters/tcp/tls.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { Authority } from '../../support/certificates.ts';
import { MarkedUdp } from '../../support/marked-udp.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

// Of UDP, DSCP is set by the addon, which needs a compiler, and read by Python: Node can do neither.
describe.skipIf(loadAddon() === undefined || !MarkedUdp.available)('over UDP, by the addon', () => {
  test.each<[4 | 6, string, number, number]>([
    [4, '127.0.0.1', 46, 46 << 2],
    [4, '127.0.0.1', 24, 24 << 2],
    [4, '127.0.0.1', 0, 0],
    [6, '::1', 46, 46 << 2],
    // By a socket that is bound to `::`, as phones of both families need.
    [4, '::', 46, 46 << 2],
  ])('IPv%s from %s, %i: the field is %i', async (family, address, dscp, field) => {
    const far = await MarkedUdp.open(family);
    closing.push(() => far.close());
    const fault = (error: unknown) => {
      throw error;
    };
    const source = datagramSource('auto', { unsent() {}, unwatched() {}, fault }, DATAGRAM_SLOTS);
    const socket = await source.marking(dscp)({ address, port: 0 });
    closing.push(() => socket.close());
    socket.send(Uint8Array.of(1), far.port, family === 6 ? '::1' : '127.0.0.1');
    await vi.waitFor(() => expect(far.received).toEqual([{ tos: field, text: '\x01' }]));
  });
});

describe('over connections, both ways: what the kernel has for each socket', () => {
  const ours: Socket[] = [];
  const listener = ({ socket }: { socket: Socket }) => ours.push(socket);

  beforeEach(() => {
    ours.length = 0;
    subscribe('net.client.socket', listener as ChannelListener);
    closing.push(() => unsubscribe('net.client.socket', listener as ChannelListener));
  });

  test('TCP', async () => {
    const theirs: number[] = [];
    const door = await openDoor(
      { address: '127.0.0.1', port: 0 },
      { limits: defaultTcpLimits, dscp: 24 },
      (socket) => theirs.push(socket.getTypeOfService()),
    );
    closing.push(() => door.close());
    const out = await connectTcp(door.local, 5000, 26);
    closing.push(() => out.close());
    await vi.waitFor(() => expect(theirs).toEqual([24 << 2]));
    expect(ours.map((socket) => socket.getTypeOfService())).toEqual([26 << 2]);
  });

  test('TLS', async () => {
    const { certificate, key } = new Authority().issue('server', 'IP:127.0.0.1');
    const identity = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    const marking = vi.spyOn(Socket.prototype, 'setTypeOfService');
    closing.push(() => marking.mockRestore());
    const listening = await listenTls(
      { address: '127.0.0.1', port: 0 },
      {
        certificates: new Certificates([identity], undefined),
        clientCertificates: 'none',
        accept: () => {},
        dscp: 24,
      },
    );
    closing.push(() => listening.close());
    const out = await connectTls(listening.local, {
      ...{ name: '127.0.0.1', timeoutMs: 5000, verify: 'skip', dscp: 26 },
    });
    closing.push(() => out.close());
    expect(ours.map((socket) => socket.getTypeOfService())).toContain(26 << 2);
    expect(marking.mock.results.map(({ type }) => type)).toEqual(['return']);
    expect(marking.mock.calls).toEqual([[24 << 2]]);
  });
});
