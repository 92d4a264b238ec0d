import { z } from 'zod';
import { duration } from './fields.ts';

/** Keys of both kinds of trunk about the terms of their calls' SIP. */
export const termKeys = {
  enabled: z.boolean().default(true).meta({ description: 'false: as though it were not there.' }),
  session_timers: z.enum(['off', 'accept', 'ask']).optional().meta({
    description:
      'Session timers (RFC 4028): `off` neither offers nor follows them, `accept` follows what the far end asks for, `ask` asks for `session_expires`. Absent: as `sip.session_expires` says.',
  }),
  session_expires: duration.optional().meta({
    description: 'How long its calls may go on without a refresh, at most; absent: `sip.session_expires`.',
  }),
  min_se: duration
    .optional()
    .refine((ms) => ms === undefined || ms >= 90_000, { error: 'RFC 4028 section 5: at least 90s' })
    .meta({ description: 'The shortest refresh interval that it may ask for; absent: `sip.min_se`.' }),
  session_refresh: z.enum(['invite', 'update', 'update-then-invite']).optional().meta({
    description:
      'By what we refresh: re-INVITE, UPDATE, or UPDATE where the far end allows it and does not answer 405 or 501, else re-INVITE (absent: this).',
  }),
  reliable_responses: z.enum(['off', 'supported', 'required']).optional().meta({
    description:
      'Reliable provisional responses (100rel, RFC 3262): `off` neither offers nor takes them, `required` refuses callers that lack them with 421 and requires them of who is called. Absent: `supported`.',
  }),
  contact_user: z
    .string()
    .regex(/^[A-Za-z0-9+*._-]{1,64}$/, { error: '1 to 64 of A-Z a-z 0-9 + * . _ - are expected' })
    .optional()
    .meta({
      description:
        'User of our Contact, for carriers that want one; absent: none. Where the trunk registers, of its binding too, in place of a random one that nobody guesses.',
    }),
};
