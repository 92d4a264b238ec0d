import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { claimBlock, releaseBlock } from './port-claims.ts';

/**
 * Between the product's own ranges, RTP (10000 to 19999) and relays (30000 to 39999), and clear of the kernel's ephemeral one, which
 * begins at 32768 unless somebody has changed it: no connection of others is given such a port.
 */
const LOWEST = 20_000;
const HIGHEST = 29_999;
/** Ports that are claimed together. */
const BLOCK = 16;
const BLOCKS = Math.floor((HIGHEST + 1 - LOWEST) / BLOCK);
/** What somebody else listens on at any address shows at `::`. */
const anyAddress = existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0';

/**
 * The first of `count` neighbouring ports, an even one, that are free for UDP and TCP alike, at 127.0.0.1 and at all addresses. They are
 * this process's until it ends, among all test runs of this machine.
 */
export async function freePortBlock(count: number): Promise<number> {
  const needed = Math.ceil(count / BLOCK);
  const start = randomInt(BLOCKS);
  for (let attempt = 0; attempt < BLOCKS; attempt++) {
    const block = (start + attempt) % BLOCKS;
    const blocks = Array.from({ length: needed }, (_, i) => block + i);
    if (block + needed > BLOCKS) continue;
    const claimed = blocks.filter(claimBlock);
    const first = LOWEST + block * BLOCK;
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if (claimed.length === needed && (await Promise.all(ports.map(isFree))).every((each) => each))
      return first;
    for (const each of claimed) releaseBlock(each);
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
