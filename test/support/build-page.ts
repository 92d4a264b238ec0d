import { spawnSync } from 'node:child_process';
import { productNode, repositoryRoot } from './root.ts';

/** Bundles the page as `npm run build:web` does. False when that failed; its words are on the terminal. */
export function buildPage(): boolean {
  const build = spawnSync(productNode, [`${repositoryRoot}src/app/build-web.ts`], {
    cwd: repositoryRoot,
    stdio: 'inherit',
  });
  return build.status === 0;
}
