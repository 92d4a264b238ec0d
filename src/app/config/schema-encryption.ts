import { z } from 'zod';

/** A trunk's `media_encryption`: SIPMediaEncryption by LiveKit's names. `allowed` says what that means. */
export function mediaEncryption(allowed: string) {
  return z
    .enum(['disabled', 'allowed', 'required'])
    .default('disabled')
    .meta({
      description: `SRTP by keys in SDP (RFC 4568): disabled, ${allowed}, or required (without it: 488). Whoever can read the signaling has the keys: use TLS.`,
    });
}
