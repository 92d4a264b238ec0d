import { z } from 'zod';
import { mayBeSet } from '../../trunk/headers.ts';

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'a header\u2019s name is expected' });
const ownHeader = headerName.refine(mayBeSet, { error: 'this header is SIP\u2019s own and cannot be set' });
const attribute = z.string().min(1).max(128);

/** Keys of both kinds of trunk about headers, by LiveKit's names. */
export const headerKeys = {
  headers: z
    .record(ownHeader, z.string().regex(/^[^\p{Cc}]{0,1024}$/u, { error: 'one line is expected' }))
    .default({})
    .meta({ description: 'Headers of our INVITE or of our 200.' }),
  headers_to_attributes: z.record(headerName, attribute).default({}).meta({
    description: 'Their headers that become attributes of the participant: `{X-Account: account}`.',
  }),
  attributes_to_headers: z.record(attribute, ownHeader).default({}).meta({
    description:
      'Attributes of the participant that become headers of our INVITE or 200: `{account: X-Account}`.',
  }),
  include_headers: z.enum(['none', 'x', 'all']).default('none').meta({
    description:
      'Which more of their headers become attributes `sip.h.<name>`: none, those that begin with X-, or all but SIP\u2019s own.',
  }),
};

/** Keys of both kinds of trunk about who somebody is. */
export const authKeys = {
  auth_username: z
    .string()
    .regex(/^[^\p{Cc}]{1,128}$/u, { error: '1 to 128 characters are expected' })
    .optional()
    .meta({ description: 'User name of the digest credentials.' }),
  auth_password: z
    .string()
    .regex(/^[^\p{Cc}]{1,256}$/u, { error: '1 to 256 characters are expected' })
    .optional()
    .meta({ description: 'Their password.' }),
  auth_password_file: z.string().min(1).optional().meta({ description: 'File that holds the password.' }),
};

/** A realm: the name of what credentials are good for. */
export const realm = z.string().regex(/^[ !#-[\]-~]{1,128}$/, { error: 'printable characters are expected' });
