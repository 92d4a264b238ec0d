import { DataPacket, DataPacket_Kind, SipDTMF } from '@livekit/protocol';
import type { DataChannelLabel } from '../media/protocol.ts';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';

/** Largest data packet that is passed on, bytes (LiveKit's own limit). */
const MAX_PACKET = 65_536;
/** Keys in the order of their codes (RFC 4733 section 3.2). */
const KEYS = '0123456789*#ABCD';

/**
 * Passes a client's data packet on, with the sender's name put in by us, to whom it is for (nobody named: all). A key
 * press goes as what it is, for phones take no packets. What the gateway itself `takes` goes to nobody. Answers why a packet
 * was not taken.
 */
export function passData(
  room: RoomHandle,
  sender: Participant,
  channel: DataChannelLabel,
  bytes: Uint8Array,
  takes: (packet: DataPacket) => boolean = () => false,
): 'data-too-large' | 'data-malformed' | 'data-not-allowed' | undefined {
  if (bytes.length > MAX_PACKET) return 'data-too-large';
  if (!sender.permissions.canPublishData) return 'data-not-allowed';
  const packet = readPacket(bytes);
  if (packet === undefined) return 'data-malformed';
  // What only a server may say.
  if (packet.value.case === 'speaker' || packet.value.case === undefined) return 'data-not-allowed';
  if (packet.value.case === 'sipDtmf') {
    const key = keyOf(packet.value.value);
    if (key === undefined) return 'data-malformed';
    room.pressKey(sender, key, packet.destinationIdentities);
    return undefined;
  }
  if (takes(packet)) return undefined;
  packet.participantSid = sender.sid;
  packet.participantIdentity = sender.identity;
  let to = packet.destinationIdentities;
  if (packet.value.case === 'user') {
    const user = packet.value.value;
    user.participantSid = sender.sid;
    user.participantIdentity = sender.identity;
    if (to.length === 0) to = user.destinationIdentities;
  }
  room.sendData(sender, channel === '_reliable' ? 'reliable' : 'lossy', packet.toBinary(), to);
  return undefined;
}

/** A key press of `from` as LiveKit's clients take it. */
export function keyPacket(digit: string, from: Participant): Uint8Array {
  return new DataPacket({
    kind: DataPacket_Kind.RELIABLE,
    participantSid: from.sid,
    participantIdentity: from.identity,
    value: { case: 'sipDtmf', value: new SipDTMF({ code: Math.max(0, KEYS.indexOf(digit)), digit }) },
  }).toBinary();
}

function keyOf({ code, digit }: SipDTMF): string | undefined {
  if (digit === '') return KEYS[code];
  const key = digit.toUpperCase();
  return key.length === 1 && KEYS.includes(key) ? key : undefined;
}

function readPacket(bytes: Uint8Array): DataPacket | undefined {
  try {
    return DataPacket.fromBinary(bytes);
  } catch {
    // protobuf's way of saying that the bytes are no such message
    return undefined;
  }
}
