/** The tests' own ports: nobody else's, and no two processes' at once. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePortBlock } from '../../support/free-ports.ts';
import { claimBlock, releaseBlock } from '../../support/port-claims.ts';
import { productNode, repositoryRoot } from '../../support/root.ts';

test('are even, apart from each other, and clear of what the kernel gives to connections', async () => {
  const firsts = await Promise.all(Array.from({ length: 20 }, () => freePortBlock(24)));
  const sorted = firsts.toSorted((a, b) => a - b);
  for (const [i, first] of sorted.entries()) {
    expect(first % 2).toBe(0);
    expect(first - (sorted[i - 1] ?? 0)).toBeGreaterThanOrEqual(24);
  }
  const path = '/proc/sys/net/ipv4/ip_local_port_range';
  if (!existsSync(path)) return;
  const [low = 0, high = 0] = readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
  // A machine that was set otherwise has no range to spare, maybe; the tests then take their chance.
  if (low !== 32_768) return;
  for (const first of firsts) expect(first + 24 < low || first > high).toBe(true);
});

test('a block is one process’s until it ends, however it ends', async () => {
  const block = 1_000_000 + process.pid;
  const script = `import { claimBlock } from '${repositoryRoot}test/support/port-claims.ts';
    console.log(claimBlock(${block})); setTimeout(() => {}, 60_000);`;
  const other = spawn(productNode, ['--input-type=module-typescript', '-e', script]);
  await new Promise<void>((resolve) => {
    other.stdout.on('data', (said) => {
      expect(String(said).trim()).toBe('true');
      resolve();
    });
  });
  expect(claimBlock(block)).toBe(false);
  other.kill('SIGKILL');
  await new Promise((resolve) => other.once('exit', resolve));
  expect(claimBlock(block)).toBe(true);
  expect(claimBlock(block)).toBe(false);
  releaseBlock(block);
});

test('a port that somebody listens on is passed over', async () => {
  const first = await freePortBlock(1);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(first, '127.0.0.1', resolve));
  releaseBlock((first - 20_000) / 16);
  const others = await Promise.all(Array.from({ length: 5 }, () => freePortBlock(1)));
  expect(others).not.toContain(first);
  await new Promise((resolve) => server.close(resolve));
});
