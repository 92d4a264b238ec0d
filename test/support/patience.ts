/**
 * Before every file of tests: `vi.waitFor` and `vi.waitUntil` wait a second of their own accord, which on a machine that is busy is not enough for a
 * datagram to come over loopback. Nobody waits the longer for it but a failure.
 */
import { vi } from 'vitest';

const WITHIN_MS = 15_000;
const { waitFor, waitUntil } = vi;

vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));

function patient<T extends { readonly timeout?: number }>(options: number | T | undefined): number | T {
  if (typeof options === 'number') return options;
  return { timeout: WITHIN_MS, ...options } as T;
}
