import type { Random } from '../base/random.ts';
import type { EncryptionPolicy } from '../sdp/encryption.ts';
import type { PacketTimes } from '../sdp/packet-times.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';

/** How a trunk wants its calls' media to travel, where they are not a browser's. */
export interface MediaTerms {
  readonly encryption: EncryptionPolicy;
  /** RTCP on RTP's port (RFC 5761): in our offers too, or only in answers to those who offer it. */
  readonly rtcpMux: 'offered' | 'answered';
  readonly packetTimes: PacketTimes | undefined;
  /** Makes keys. */
  readonly random: Random;
}

/** What a trunk's settings ask of negotiation. */
export function mediaTerms(
  {
    mediaEncryption,
    rtcpMux,
    packetTimes,
  }: Pick<InboundTrunk, 'mediaEncryption' | 'rtcpMux' | 'packetTimes'>,
  random: Random,
): MediaTerms {
  return {
    encryption: mediaEncryption ?? 'disabled',
    rtcpMux: rtcpMux === true ? 'offered' : 'answered',
    packetTimes,
    random,
  };
}
