import { z } from 'zod';
import { id, numberPattern } from './fields.ts';

/** What a trunk's phones may have us do by REFER and by INVITE with Replaces. */
export const transferKeys = {
  transfers: z.enum(['refuse', 'allow']).default('refuse').meta({
    description:
      'Whether its phones may hand their calls on: by REFER, which needs `transfer_trunk` and `transfer_numbers`, and by INVITE with Replaces. Refused: 603.',
  }),
  transfer_trunk: id.optional().meta({
    description: 'Outbound trunk that places the calls of their REFERs; absent: REFER is refused.',
  }),
  transfer_numbers: z.array(numberPattern).default([]).meta({
    description:
      'Numbers that their REFERs may call: numbers, prefixes, ranges, as in `numbers`; empty: none. Of Refer-To the number counts alone.',
  }),
  max_transfers: z.int().min(1).max(10_000).default(10).meta({
    description: 'Calls at the same time that its transfers have placed. Beyond it: 603.',
  }),
  max_transfers_per_call: z.int().min(1).max(100).default(3).meta({
    description: 'Transfers by REFER in one call. Beyond it: 603.',
  }),
};
