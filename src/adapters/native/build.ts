/**
 * Builds the addon with node-gyp when the package is installed (`install` in package.json). Whatever is in the way, such
 * as no compiler, the installation succeeds: the gateway then works with what Node has, and says so at its start.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const built = join(here, 'build', 'Release', 'trunkroom.node');
/** Compiling takes seconds; fetching Node's headers, where there are none, may take longer or never end. */
const PATIENCE_MS = 120_000;

function isFresh(): boolean {
  if (!existsSync(built)) return false;
  const sources = readdirSync(join(here, 'addon')).map((name) => join(here, 'addon', name));
  const changed = Math.max(...[...sources, join(here, 'binding.gyp')].map((file) => statSync(file).mtimeMs));
  return statSync(built).mtimeMs > changed;
}

function build(): string {
  if (process.platform !== 'linux') return 'not built: it is for Linux';
  if (isFresh()) return 'built already';
  // npm brings node-gyp along and says where it is.
  const gyp = process.env['npm_config_node_gyp'];
  const [command, ...first] = gyp === undefined ? ['node-gyp'] : [process.execPath, gyp];
  const run = spawnSync(command, [...first, 'rebuild', '--directory', here], {
    timeout: PATIENCE_MS,
    encoding: 'utf8',
  });
  if (run.status === 0 && existsSync(built)) return 'built';
  const said = (run.stderr ?? '').split('\n').findLast((line) => /error|ERR!/i.test(line));
  return `not built: ${run.error?.message ?? said ?? 'node-gyp failed'}`;
}

console.log(`trunkroom addon ${build()}`);
