import type { Config } from './schema.ts';
import type { Path } from './source.ts';

/** It stands in drachtio's own examples: whoever reaches the port would be the application. */
const WELL_KNOWN = 'cymru';

interface Fault {
  readonly path: Path;
  readonly message: string;
}

/** `drachtio` with the secret that its file holds. */
export function withDrachtioSecret(
  config: Config,
  read: (path: string) => string | undefined,
): { readonly drachtio: Config['drachtio']; readonly problems: readonly Fault[] } {
  const { drachtio } = config;
  if (drachtio.secret_file === undefined) return { drachtio, problems: [] };
  const fault = (message: string) => ({
    drachtio,
    problems: [{ path: ['drachtio', 'secret_file'], message }],
  });
  if (drachtio.secret !== undefined) return fault('drachtio.secret is set too: give one');
  const secret = read(drachtio.secret_file)?.trim();
  if (secret === undefined) return fault(`${drachtio.secret_file} cannot be read`);
  // It is one field of a line of drachtio's protocol.
  if (!/^[!-{}~]{1,256}$/.test(secret)) return fault('holds no secret that drachtio could take');
  return { drachtio: { ...drachtio, secret }, problems: [] };
}

/** What is missing, or must not be, when drachtio is the engine. */
export function drachtioFaults({ sip, drachtio }: Config, mode: 'development' | 'production'): Fault[] {
  if (sip.engine !== 'drachtio') return [];
  const path = ['drachtio', 'secret'];
  if (drachtio.secret === undefined) {
    // A file of no use has been told of already.
    if (drachtio.secret_file !== undefined) return [];
    return [{ path, message: 'secret or secret_file is needed with sip.engine: drachtio' }];
  }
  return drachtio.secret === WELL_KNOWN && mode === 'production'
    ? [{ path, message: 'the secret of drachtio\u2019s examples is refused without --dev' }]
    : [];
}
