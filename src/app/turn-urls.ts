import { formatHostPort } from '../base/net.ts';
import { familyOf } from './addresses.ts';
import type { Config } from './config/schema.ts';

/** Browsers try every URL at once: a machine with many addresses must not make them gather for ever. */
const MAX_ANNOUNCED = { IPv4: 2, IPv6: 1 };

/**
 * The URLs of the embedded server (RFC 7065): by UDP, by TCP, and with `secure`, where there is a certificate, by TLS, on the port of
 * HTTPS as the last resort. `addresses`: those that are announced.
 */
export function turnUrls(
  { turn, tls }: Pick<Config, 'turn' | 'tls'>,
  addresses: readonly string[],
  secure: boolean,
): string[] {
  const listens = turn.address === '::' ? (['IPv4', 'IPv6'] as const) : [familyOf(turn.address)];
  const plain = listens
    .flatMap((family) => addresses.filter((one) => familyOf(one) === family).slice(0, MAX_ANNOUNCED[family]))
    .map((address) => formatHostPort({ address, port: turn.port }))
    .flatMap((place) => ['udp', 'tcp'].map((by) => `turn:${place}?transport=${by}`));
  if (!secure) return plain;
  const ports = [tls.turn_port, tls.https_port];
  return [...plain, ...ports.map((port) => `turns:${tls.domain}:${port}?transport=tcp`)];
}
