import type { MetricsOptions } from '../api/metrics.ts';
import { AddressSet } from '../trunk/addresses.ts';
import type { Config } from './config/schema.ts';

/** Whom the configuration lets read `text`. */
export function metricsAccess(
  { allowed_addresses, password, username }: Config['metrics'],
  text: () => Promise<string>,
): MetricsOptions {
  const allowed = new AddressSet(allowed_addresses);
  return {
    text,
    allows: (address) => allowed.has(address),
    account: password === undefined ? undefined : { username, password },
  };
}
