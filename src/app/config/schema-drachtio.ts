import { z } from 'zod';
import { port } from './fields.ts';

/** `drachtio`: where its server is, for `sip.engine: drachtio`. */
export const drachtioSchema = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, { error: 'a host name or an address is expected' })
    .default('127.0.0.1')
    .meta({ description: 'Host of the drachtio server.' }),
  port: port.default(9022).meta({ description: 'TCP port on which it takes applications.' }),
  secret: z
    .string()
    .regex(/^[!-{}~]{1,256}$/, { error: 'printable characters without a blank and without | are expected' })
    .optional()
    .meta({ description: 'The secret that it asks of applications.' }),
  secret_file: z.string().min(1).optional().meta({ description: 'File that holds the secret.' }),
});
