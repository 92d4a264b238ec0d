import { z } from 'zod';

/** `media`: how packets and samples are moved, and how rooms are mixed for phones. */
export const mediaSchema = z
  .strictObject({
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(64)], {
        error: 'auto or a number from 1 to 64 is expected',
      })
      .default('auto')
      .meta({ description: 'Media worker threads; auto: one per core less one, at least one.' }),
    native: z.enum(['auto', 'off']).default('auto').meta({
      description:
        'UDP sockets of SIP and of the media workers, and SRTP: by the addon that the installation built, where it could, or by Node and TypeScript alone.',
    }),
    dtls_engine: z.enum(['auto', 'openssl', 'werift']).default('auto').meta({
      description:
        'Who does DTLS with browsers and web phones: the OpenSSL inside of Node, by the addon; werift, in TypeScript; auto: OpenSSL where the addon is there and `native` is not off.',
    }),
    max_talkers: z.int().min(1).max(50).default(6).meta({
      description: 'Of those who talk at a time in a room, phones hear so many: the loudest.',
    }),
    automatic_gain: z.boolean().default(true).meta({
      description:
        'Whether phones hear quiet and loud talkers at about the same level. What browsers hear is never changed.',
    }),
    speech_level: z.int().min(-35).max(-10).default(-20).meta({
      description: 'Level to which automatic gain brings speech, dBov.',
    }),
    max_gain: z.int().min(0).max(24).default(12).meta({
      description: 'By how much automatic gain turns somebody up or down at most, dB.',
    }),
  })
  .prefault({})
  .meta({ description: 'Where packets and samples are moved.' });
