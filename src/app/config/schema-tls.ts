import { z } from 'zod';
import { port } from './fields.ts';

/** Certificates and their keys, as files. */
export const certificatesSchema = z
  .array(
    z.strictObject({
      certificate_file: z.string().min(1).meta({ description: 'PEM file with the chain, ours first.' }),
      key_file: z.string().min(1).meta({ description: 'PEM file with its private key.' }),
    }),
  )
  .max(100)
  .default([])
  .meta({
    description:
      'Certificates, each as `{certificate_file, key_file}`, chosen by the name that the peer asks for (SNI), else the first. Files that change are read again. Empty: no TLS.',
  });

/** TLS for browsers: the page, the API and signaling, and TURN. */
export const tlsSchema = z
  .strictObject({
    domain: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, {
        error: 'a name without anything before or behind it is expected, such as voice.example.com',
      })
      .optional()
      .meta({ description: 'Name by which browsers reach this gateway; the certificate is for it.' }),
    certificates: certificatesSchema,
    https_port: port.default(443).meta({
      description:
        'TCP port for HTTPS: what `http.port` has, and TURN over TLS for networks that let nothing else through.',
    }),
    turn_port: port.default(5349).meta({ description: 'TCP port for TURN over TLS.' }),
  })
  .prefault({})
  .meta({ description: 'TLS for browsers. Without certificates a reverse proxy does it, for HTTP alone.' });
