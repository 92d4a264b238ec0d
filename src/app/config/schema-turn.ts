import { z } from 'zod';
import { address, duration, network, port, portRange } from './fields.ts';

/** The embedded STUN and TURN server. */
export const turnSchema = z.strictObject({
  enabled: z.boolean().default(true).meta({ description: 'Whether the embedded STUN and TURN server runs.' }),
  address: address.default('::').meta({
    description:
      'Address to listen on. `::` stands for IPv6 and IPv4, or what of them this machine has; `0.0.0.0` for IPv4 alone.',
  }),
  port: port.default(3478).meta({ description: 'UDP and TCP port for STUN and TURN.' }),
  relay_ports: portRange.prefault('30000-39999').meta({ description: 'UDP ports of relayed addresses.' }),
  realm: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,128}$/, { error: '1 to 128 of A-Z a-z 0-9 . - are expected' })
    .default('trunkroom')
    .meta({ description: 'Realm of the credentials.' }),
  secret: z.string().min(16).optional().meta({
    description: 'Shared secret that credentials are derived from; absent: a new random one at each start.',
  }),
  secret_file: z.string().min(1).optional().meta({
    description:
      'File that holds the secret; read again when it changes, and the secret of before stays good for `credential_ttl`.',
  }),
  credential_ttl: duration
    .prefault('4h')
    .refine((ms) => ms >= 60_000, { error: 'at least 1m is needed to join' })
    .meta({ description: 'How long credentials are good for.' }),
  users: z
    .array(
      z.strictObject({
        username: z
          .string()
          .regex(/^(?!\d+:)[\x21-\x7e]{1,128}$/, {
            error: 'a name without spaces is expected, and not of the form of time-limited ones, 123:name',
          })
          .meta({ description: 'Name of the user.' }),
        password: z.string().min(8).optional().meta({ description: 'Password of the user.' }),
        password_file: z.string().min(1).optional().meta({
          description: 'File that holds it; read again when it changes.',
        }),
      }),
    )
    .max(64)
    .default([])
    .meta({
      description:
        'Users with passwords of their own, each as `{username, password}`, for what cannot be given time-limited credentials.',
    }),
  allowed_peers: z.array(network).max(64).default([]).meta({
    description:
      'Networks whose addresses relays may talk to beside this gateway\u2019s own media ports (docs/TURN.md): usually none.',
  }),
  max_allocations: z.int().min(1).max(65_535).default(2000).meta({
    description: 'Allocations of all users at a time.',
  }),
  allocations_per_user: z.int().min(1).max(65_535).default(12).meta({
    description: 'Allocations, and reserved ports, of one user at a time.',
  }),
  bandwidth_per_user: z.int().min(64).max(10_000_000).default(50_000).meta({
    description:
      'What one user\u2019s allocations may carry in each direction together, kbit/s; more is dropped.',
  }),
});
