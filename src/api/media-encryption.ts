import { type CreateSIPParticipantRequest, SIPMediaEncryption } from '@livekit/protocol';
import type { MediaEncryption } from '../trunk/trunk.ts';

/** LiveKit's numbers for whether media are SRTP. */
export const MEDIA_ENCRYPTION: Readonly<Record<MediaEncryption, SIPMediaEncryption>> = {
  disabled: SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE,
  allowed: SIPMediaEncryption.SIP_MEDIA_ENCRYPT_ALLOW,
  required: SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE,
  dtls: SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE,
};

/** What a call is to have; undefined: what its trunk says. The old field has no way to tell silence from `disabled`. */
export function wantedEncryption({
  media,
  mediaEncryption,
}: CreateSIPParticipantRequest): MediaEncryption | undefined {
  switch (media?.encryption ?? mediaEncryption) {
    case SIPMediaEncryption.SIP_MEDIA_ENCRYPT_ALLOW:
      return 'allowed';
    case SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE:
      return 'required';
    default:
      return media?.encryption === undefined ? undefined : 'disabled';
  }
}
