import { mkdirSync, mkdtempSync } from 'node:fs';
import { repositoryRoot } from './root.ts';

/** A fresh folder under `test/.out` (which git ignores); kept after the run, so that a failure can be listened to. */
export function newWorkspace(name: string): string {
  const parent = `${repositoryRoot}test/.out`;
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(`${parent}/${name}-`);
}
