import { z } from 'zod';

/** What a trunk's calls may be coded with, in its order. */
export function codecList(description: string) {
  return z
    .array(z.enum(['PCMA', 'PCMU', 'G722', 'OPUS', 'CN']))
    .min(1)
    .max(8)
    .refine((codecs) => codecs.some((codec) => codec !== 'CN'), {
      error: 'CN is no codec: one of PCMA, PCMU, G722, OPUS is needed beside it',
    })
    .refine((codecs) => new Set(codecs).size === codecs.length, { error: 'a codec stands there twice' })
    .default(['PCMA', 'PCMU'])
    .meta({
      description: `${description} With CN, comfort noise (RFC 3389) goes out in place of silence where the far end takes it.`,
    });
}
