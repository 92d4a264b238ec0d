import { z } from 'zod';
import { anyNetwork } from './fields.ts';

/** Loopback, RFC 1918, RFC 6598, RFC 4193, and link-local addresses: collectors are near. */
const NEAR = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
];

/** Section `metrics`. */
export const metricsSchema = z.strictObject({
  allowed_addresses: z.array(anyNetwork).min(1).max(1000).default(NEAR).meta({
    description:
      'Addresses and CIDRs that may read `/metrics`; everybody else gets 403, and so does who comes through a proxy that `http.trusted_proxies` does not name.',
  }),
  username: z
    .string()
    .regex(/^[^\p{Cc}:]{1,128}$/u, { error: '1 to 128 characters without a colon are expected' })
    .default('prometheus')
    .meta({ description: 'User name of HTTP’s Basic authentication.' }),
  password: z
    .string()
    .regex(/^[^\p{Cc}]{1,256}$/u, { error: '1 to 256 characters are expected' })
    .optional()
    .meta({ description: 'Its password, which they have to show besides; absent: none.' }),
});
