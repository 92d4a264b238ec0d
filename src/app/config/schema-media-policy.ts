import { z } from 'zod';
import { duration } from './fields.ts';

/** A trunk's `media_encryption`: SIPMediaEncryption by LiveKit's names. `allowed` says what that means. */
export function mediaEncryption(allowed: string) {
  return z
    .enum(['disabled', 'allowed', 'required', 'dtls'])
    .default('disabled')
    .meta({
      description: `SRTP: disabled, ${allowed}, required (without it: 488), or dtls (required, and by DTLS alone). Keys come in SDP (RFC 4568), where whoever can read the signaling has them: use TLS; or by DTLS without ICE (RFC 5763), which is taken wherever SRTP is, and offered with dtls.`,
    });
}

/** A trunk's `rtcp_mux`. */
export const rtcpMux = z.boolean().default(false).meta({
  description:
    'Whether our offers want RTCP on the port of RTP (RFC 5761). A phone that offers it gets it in any case; one that does not answer it keeps two ports.',
});

/** Packet times of G.711 frames that we can send, and that far ends ask for. */
const packetTime = duration
  .optional()
  .refine((ms) => ms === undefined || (ms % 10 === 0 && ms >= 10 && ms <= 60), {
    error: '10ms, 20ms, 30ms, 40ms, 50ms or 60ms is expected',
  });

/** Keys of both kinds of trunk about the times of their calls' media. */
export const mediaTimeKeys = {
  media_timeout: duration.optional().meta({
    description:
      'A phone that sends neither RTP nor RTCP for so long is hung up, unless it is on hold; 0s: never; absent: `rtp.media_timeout`.',
  }),
  hold_timeout: duration.prefault('0s').meta({
    description:
      'A call that is on hold for so long, whoever holds it, is ended (`hold-timeout`); 0s: never.',
  }),
  ptime: packetTime.meta({
    description:
      'Length of the packets that we ask for in SDP (`a=ptime`), and that we send to a far end that asks for none; what it asks for is sent to it in any case. Absent: 20ms is offered, and an answer says what the offer says.',
  }),
  maxptime: packetTime.meta({
    description:
      'The longest packets that we ask for (`a=maxptime`) and send; absent: none is named, and 60ms are sent where they are asked for.',
  }),
};

/** Keys of a rule, which win over its trunk's. */
export const rulePatienceKeys = {
  media_timeout: duration.optional().meta({
    description: 'As the trunk\u2019s `media_timeout`, for calls of this rule; absent: as the trunk says.',
  }),
  hold_timeout: duration.optional().meta({
    description: 'As the trunk\u2019s `hold_timeout`, for calls of this rule; absent: as the trunk says.',
  }),
};
