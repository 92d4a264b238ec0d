import { afterEach, expect, test } from 'vitest';
import { openUdp } from '../../../src/adapters/udp/udp.ts';
import { readConfig } from '../../../src/app/config/read.ts';
import { withDiscovered } from '../../../src/app/discover-addresses.ts';
import { localAddresses } from '../../../src/app/local-addresses.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';
import { freePortBlock } from '../../support/free-ports.ts';

const MAPPED = '203.0.113.7';
let server: DatagramSocket | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

function startupOf(env: Readonly<Record<string, string>>, ...flags: string[]) {
  const keys = { TRUNKROOM_KEYS: 'my-key: a-secret-of-at-least-32-characters' };
  const read = readConfig(flags, { ...keys, ...env });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

/** A STUN server for which every client has the address {@link MAPPED}. */
async function openStunServer(): Promise<string> {
  const socket = await openUdp({ address: '127.0.0.1', port: 0 });
  socket.onDatagram = (bytes, address, port) => {
    const parsed = StunMessage.parse(bytes);
    if (!parsed.ok) return;
    const reply = StunBuilder.reply(parsed.value, 'success');
    socket.send(reply.xorAddress(Attribute.xorMappedAddress, MAPPED, port).finish(), port, address);
  };
  server = socket;
  return `stun:127.0.0.1:${socket.local.port}`;
}

const outward = localAddresses().filter(({ family, internal }) => family === 'IPv4' && !internal);

// On a machine that has nothing but loopback there is nobody to be asked about.
test.skipIf(outward.length === 0)(
  'what STUN servers see is announced before what this machine has',
  async () => {
    const { events, startup } = await withDiscovered(
      startupOf({
        TRUNKROOM_NODE_STUN_SERVERS: `["${await openStunServer()}"]`,
        TRUNKROOM_NODE_INCLUDE: `["${outward[0]!.address}"]`,
        TRUNKROOM_ICE_UDP_PORT: `${await freePortBlock(1)}`,
      }),
    );
    expect(startup.addresses).toEqual([MAPPED, outward[0]!.address]);
    const local = outward[0]!.address;
    // Nothing comes back by an address that is nobody's.
    expect(events).toEqual([
      { type: 'address.discovered', local, address: MAPPED },
      { type: 'address.doubtful', local, address: MAPPED, reason: 'not-reached' },
    ]);
  },
);

test('a gateway that only its own machine reaches says so, but in development', async () => {
  const nothing = { TRUNKROOM_NODE_INCLUDE: '["no-such-interface"]' };
  const { events, startup } = await withDiscovered(startupOf(nothing));
  expect(startup.addresses).toEqual(['127.0.0.1']);
  expect(events).toEqual([
    { type: 'address.doubtful', local: '127.0.0.1', address: '127.0.0.1', reason: 'loopback' },
  ]);
  expect((await withDiscovered(startupOf(nothing, '--dev'))).events).toEqual([]);
});
