import { type AddTrackRequest, BackupCodecPolicy, Encryption_Type } from '@livekit/protocol';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Codec } from '../media/protocol.ts';
import type { BackupVideo } from '../room/participant.ts';

/**
 * What a backup may come in, as every browser offers it. LiveKit's clients have no others; the payload type is the publisher's
 * to say.
 */
const BACKUPS: Readonly<Record<string, Codec>> = {
  vp8: { mime: 'video/vp8', clockRate: 90_000, channels: 1, payloadType: 0, fmtp: '' },
  h264: {
    ...{ mime: 'video/h264', clockRate: 90_000, channels: 1, payloadType: 0 },
    fmtp: 'packetization-mode=1;profile-level-id=42e01f',
  },
};

/** The second codec that a client can publish a video in when it is asked to (`simulcast_codecs`), beside `mime`. */
export function backupOf(
  { backupCodecPolicy, encryption, simulcastCodecs }: AddTrackRequest,
  mime: string,
  random: Random,
): { readonly backup: BackupVideo } | undefined {
  const codec = BACKUPS[simulcastCodecs[1]?.codec.toLowerCase() ?? ''];
  // LiveKit's clients make none of what they encrypt.
  if (codec === undefined || codec.mime === mime || encryption !== Encryption_Type.NONE) return undefined;
  const replaces = backupCodecPolicy !== BackupCodecPolicy.SIMULCAST;
  return { backup: { source: newId(random, 'TR'), replaces, codecs: [codec], live: undefined } };
}
