import { type HttpsOptions, listenHttps } from '../adapters/http/https.ts';
import { listenHttp } from '../adapters/http/server.ts';
import type { Config } from './config/schema.ts';
import { listenAddress } from './local-addresses.ts';
import { listening } from './startup-error.ts';

/** What answers on both ports; without certificates there is no HTTPS. */
export interface HttpDoors extends Omit<HttpsOptions, 'certificates'> {
  readonly certificates: HttpsOptions['certificates'] | undefined;
}

/** Ports that listen, and how to close them. */
export interface HttpPorts {
  /** What is being said may go out within `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Listens for HTTP on `http.port`, and with certificates for HTTPS on `tls.https_port`. Rejects with a StartupError. */
export async function openHttpPorts(
  { http, tls }: Pick<Config, 'http' | 'tls'>,
  { certificates, fetch, turn, upgrade }: HttpDoors,
): Promise<HttpPorts> {
  const address = listenAddress(http.address);
  const plain = await listening('http.port', () => listenHttp({ address, port: http.port }, fetch, upgrade));
  if (certificates === undefined) return plain;
  try {
    const secure = await listening('tls.https_port', () =>
      listenHttps({ address, port: tls.https_port }, { certificates, fetch, upgrade, turn }),
    );
    return {
      close: async (graceMs) => void (await Promise.all([plain.close(graceMs), secure.close(graceMs)])),
    };
  } catch (error) {
    await plain.close(0);
    throw error;
  }
}
