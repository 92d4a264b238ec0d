import { z } from 'zod';

/** `sip_api`: trunks and rules that are made by LiveKit's SIP service. */
export const sipApiSchema = z.strictObject({
  changes: z.enum(['allowed', 'refused']).default('allowed').meta({
    description:
      'Whether holders of a token with the `sip.admin` grant may make, change and delete trunks and dispatch rules. What stands in the configuration is changed there alone.',
  }),
  file: z.string().min(1).optional().meta({
    description:
      'File in which they are kept, passwords among them (mode 0600), for this gateway alone; it is made when it is not there. Absent: in memory, and gone with the process.',
  }),
  max_entries: z.int().min(1).max(10_000).default(1000).meta({
    description: 'Inbound trunks that may be made, and as many outbound trunks and rules.',
  }),
});
