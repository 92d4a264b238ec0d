import { DataPacket } from '@livekit/protocol';
import { fail, ok, type Result } from '../base/result.ts';
import type { Participant } from '../room/participant.ts';

/** Largest data packet that is passed on, bytes (LiveKit's own limit). */
const MAX_PACKET = 65_536;

/** A client's data packet, with the sender's name put in by us, and whom it is for (nobody named: all). */
export function stampDataPacket(
  bytes: Uint8Array,
  sender: Participant,
): Result<
  { packet: Uint8Array; to: readonly string[] },
  'data-too-large' | 'data-malformed' | 'data-not-allowed'
> {
  if (bytes.length > MAX_PACKET) return fail('data-too-large');
  if (!sender.permissions.canPublishData) return fail('data-not-allowed');
  try {
    const packet = DataPacket.fromBinary(bytes);
    // What only a server may say.
    if (packet.value.case === 'speaker' || packet.value.case === undefined) return fail('data-not-allowed');
    packet.participantSid = sender.sid;
    packet.participantIdentity = sender.identity;
    let to = packet.destinationIdentities;
    if (packet.value.case === 'user') {
      const user = packet.value.value;
      user.participantSid = sender.sid;
      user.participantIdentity = sender.identity;
      if (to.length === 0) to = user.destinationIdentities;
    }
    return ok({ packet: packet.toBinary(), to });
  } catch {
    // protobuf's way of saying that the bytes are no such message
    return fail('data-malformed');
  }
}
