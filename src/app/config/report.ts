import type { ConfigFault } from './source.ts';

/** Says what is wrong with a configuration on standard error, a line each: `file:line:column path: message`. */
export function reportFaults(faults: readonly ConfigFault[]): void {
  for (const { place, path, message } of faults) {
    process.stderr.write(`${place}${path === '' ? ':' : ` ${path}:`} ${message}\n`);
  }
}
