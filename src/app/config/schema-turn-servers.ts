import { z } from 'zod';
import { parseTurnUrl } from '../../turn/turn-url.ts';
import { duration } from './fields.ts';

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
    }),
  )
  .max(32)
  .default([])
  .meta({
    description:
      'TURN servers of others that clients are told of, before the embedded one. Each URL is tried by an allocation every 30 s and left out while it fails.',
  });
