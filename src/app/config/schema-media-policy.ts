import { z } from 'zod';
import { duration } from './fields.ts';

/** A trunk's `media_encryption`: SIPMediaEncryption by LiveKit's names. `allowed` says what that means. */
export function mediaEncryption(allowed: string) {
  return z
    .enum(['disabled', 'allowed', 'required'])
    .default('disabled')
    .meta({
      description: `SRTP by keys in SDP (RFC 4568): disabled, ${allowed}, or required (without it: 488). Whoever can read the signaling has the keys: use TLS.`,
    });
}

/** A trunk's `rtcp_mux`. */
export const rtcpMux = z.boolean().default(false).meta({
  description:
    'Whether our offers want RTCP on the port of RTP (RFC 5761). A phone that offers it gets it in any case; one that does not answer it keeps two ports.',
});

/** A trunk's `media_timeout`. */
export const mediaTimeout = duration.optional().meta({
  description:
    'A phone that sends neither RTP nor RTCP for so long is hung up, unless it is on hold; 0s: never; absent: `rtp.media_timeout`.',
});
