/**
 * Which process has which ports, among all test runs of this machine: a file for each block, which names its owner. Who probes a port and
 * lets go of it again until somebody listens there has nothing in his hand meanwhile; a claim is.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

const FOLDER = `${tmpdir()}/trunkroom-test-ports`;
const own = new Set<number>();

/** Claims a block until this process ends; false when it is claimed by another process that lives, or by this one. */
export function claimBlock(block: number): boolean {
  if (own.size === 0) process.once('exit', releaseAll);
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${block}`;
  if (!write(path)) {
    if (isOwned(path)) return false;
    // Its owner was killed. Of two who see that at once, one will write.
    rmSync(path, { force: true });
    if (!write(path)) return false;
  }
  own.add(block);
  return true;
}

/** Gives a block back that turned out to be of no use. */
export function releaseBlock(block: number): void {
  if (own.delete(block)) rmSync(`${FOLDER}/${block}`, { force: true });
}

function releaseAll(): void {
  for (const block of [...own]) releaseBlock(block);
}

function write(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isOwned(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // One that is being written is not written yet.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
