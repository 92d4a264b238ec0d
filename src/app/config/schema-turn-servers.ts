import { z } from 'zod';
import { parseTurnUrl } from '../../turn/turn-url.ts';
import { anyNetwork, duration, id as region } from './fields.ts';

/** TURN servers beside the embedded one: coturn, STUNner, or a provider's. */
export const turnServersSchema = z
  .array(
    z.strictObject({
      urls: z
        .array(
          z.string().refine((text) => parseTurnUrl(text) !== undefined, {
            error: 'a TURN URL is expected, such as turn:turn.example.com:3478?transport=udp',
          }),
        )
        .min(1)
        .max(16)
        .meta({
          description: 'How clients reach it: `turn:HOST:PORT?transport=udp`, `tcp`, or `turns:` for TLS.',
        }),
      secret: z.string().min(1).optional().meta({
        description:
          'Secret that credentials are derived from (coturn: `static-auth-secret`, STUNner: `ephemeral`).',
      }),
      secret_file: z.string().min(1).optional().meta({
        description: 'File that holds it; read again when it changes.',
      }),
      credential_ttl: duration
        .prefault('4h')
        .meta({ description: 'How long derived credentials are good for.' }),
      username: z.string().min(1).optional().meta({
        description: 'User name of a server that has one user for all (STUNner: `static`).',
      }),
      password: z.string().min(1).optional().meta({ description: 'Its password.' }),
      password_file: z.string().min(1).optional().meta({
        description: 'File that holds the password; read again when it changes.',
      }),
      networks: z.array(anyNetwork).max(256).default([]).meta({
        description:
          'Addresses and CIDRs of the clients that are told of it, as the gateway sees them. Empty: all.',
      }),
      region: region.optional().meta({
        description:
          'Where it stands: clients of that region (`turn_selection.regions`) are told of it first.',
      }),
    }),
  )
  .max(32)
  .default([])
  .meta({
    description:
      'TURN servers of others that clients are told of, before the embedded one. Each URL is tried by an allocation every 30 s and left out while it fails.',
  });

/** Which of `turn_servers` a client is told of. */
export const turnSelectionSchema = z
  .strictObject({
    regions: z
      .array(
        z.strictObject({
          name: region.meta({ description: 'Name of the region, as `region` of a server has it.' }),
          networks: z.array(anyNetwork).min(1).max(1024).meta({
            description: 'Addresses and CIDRs of its clients. A client is of the first region that has it.',
          }),
        }),
      )
      .max(100)
      .default([])
      .meta({ description: 'Where clients are, by their addresses.' }),
    order: z.enum(['configured', 'rtt']).default('configured').meta({
      description:
        'Order of the servers of the client\u2019s region, and of the others after them: as they stand in `turn_servers`, or by the round trip between the gateway and them, the shortest first.',
    }),
    limit: z
      .int()
      .min(1)
      .max(32)
      .default(32)
      .meta({ description: 'Servers that a client is told of at most: each costs it time and packets.' }),
  })
  .prefault({})
  .meta({ description: 'Which of `turn_servers` a client is told of, and in which order.' });
