import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** Above the product's own RTP and relay ranges (10000 to 39999), below the kernel's ephemeral end. */
const LOWEST = 40_000;
const HIGHEST = 59_000;
/** Connections that somebody else opened lie in the kernel's ephemeral range, which is this one too: at `::` they show. */
const anyAddress = existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0';

/**
 * The first of `count` neighbouring ports that are free for UDP and TCP alike, at 127.0.0.1 and at all addresses. Another process can
 * still take one before it is used; with this many to draw from that does not happen in practice.
 */
export async function freePortBlock(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = randomInt(LOWEST, HIGHEST - count) & ~1;
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.map(isFree));
    if (free.every((each) => each)) return first;
  }
  throw new Error(`no ${count} neighbouring free ports found between ${LOWEST} and ${HIGHEST}`);
}

async function isFree(port: number): Promise<boolean> {
  const udp = isFreeUdp(port);
  // One after the other: the second would be in the way of the first.
  return (await isFreeTcp(port, '127.0.0.1')) && (await isFreeTcp(port, anyAddress)) && (await udp);
}

function isFreeTcp(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

function isFreeUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
