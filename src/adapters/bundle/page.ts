import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Asset, PageAssets } from '../../api/assets.ts';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));
const BUILT = join(WEB, 'app.generated.js');

/**
 * The page's files. The script is the one that `npm run build:web` left, if there is one, else bundled in memory when
 * first asked for (about a tenth of a second), so that starting does not wait for it.
 */
export class BundledPage implements PageAssets {
  #script: Promise<Uint8Array> | undefined;

  async get(path: string): Promise<Asset | undefined> {
    switch (path) {
      case '/':
        return { type: 'text/html; charset=utf-8', body: await readFile(join(WEB, 'index.html')) };
      case '/style.css':
        return { type: 'text/css; charset=utf-8', body: await readFile(join(WEB, 'style.css')) };
      case '/app.js':
        return { type: 'text/javascript; charset=utf-8', body: await this.#load() };
      default:
        return undefined;
    }
  }

  /** Bundles ahead of the first visitor. Rejects when the sources do not compile. */
  async warm(): Promise<void> {
    await this.#load();
  }

  #load(): Promise<Uint8Array> {
    this.#script ??= existing().catch((error: unknown) => {
      this.#script = undefined;
      throw error;
    });
    return this.#script;
  }
}

/** Bundles the page's script into `src/web/app.generated.js`; for images that are built once and run often. */
export async function buildPage(): Promise<{ file: string; bytes: number }> {
  const { writeFile } = await import('node:fs/promises');
  const script = await bundle();
  await writeFile(BUILT, script);
  return { file: BUILT, bytes: script.length };
}

async function existing(): Promise<Uint8Array> {
  const built = await stat(BUILT).catch(() => undefined);
  return built?.isFile() === true ? readFile(BUILT) : bundle();
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(WEB, 'app.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  const script = outputFiles[0];
  if (script === undefined) throw new Error('esbuild gave no output');
  return script.contents;
}
