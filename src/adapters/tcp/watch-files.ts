import { unwatchFile, watchFile } from 'node:fs';

/**
 * Calls `changed` when one of the files is written or replaced. By looking at them, not by inotify: a certificate tool swaps
 * symbolic links, which a watch on the file does not see. Returns a function that stops it.
 */
export function watchFiles(paths: readonly string[], everyMs: number, changed: () => void): () => void {
  const listener = (now: { mtimeMs: number; ino: number }, before: { mtimeMs: number; ino: number }) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) changed();
  };
  for (const path of paths) watchFile(path, { interval: everyMs, persistent: false }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
}
