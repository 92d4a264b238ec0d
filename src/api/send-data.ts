import {
  DataPacket,
  DataPacket_Kind,
  type SendDataRequest,
  SendDataResponse,
  UserPacket,
} from '@livekit/protocol';
import { ok, type Result } from '../base/result.ts';
import type { AdministeredRoom } from '../room/administration.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** Largest payload, bytes; clients' own have the same limit. */
const MAX_DATA = 65_536;
const MAX_TOPIC = 256;
/** LiveKit: none, or a random 16 bytes by which clients know a packet again. */
const NONCE_BYTES = 16;

/** Carries a server's data to those that it names by identity or sid, or to all; who is not there is passed over. */
export function sendData(
  room: AdministeredRoom,
  { data, destinationIdentities, destinationSids, kind, nonce, topic }: SendDataRequest,
): Result<SendDataResponse, TwirpFault> {
  if (data.length > MAX_DATA) return refuse('invalid_argument', `data is over ${MAX_DATA} bytes`);
  if (topic !== undefined && topic.length > MAX_TOPIC)
    return refuse('invalid_argument', `topic is over ${MAX_TOPIC} characters`);
  if (nonce.length !== 0 && nonce.length !== NONCE_BYTES)
    return refuse('invalid_argument', 'nonce should be 16-bytes or not set');
  const named = new Set(destinationSids);
  const bySid = [...room.participants.values()].filter(({ sid }) => named.has(sid));
  const to = [...new Set([...destinationIdentities, ...bySid.map(({ identity }) => identity)])];
  // Named, but by sids that are all gone: that is nobody, not everybody.
  if (to.length === 0 && named.size > 0) return ok(new SendDataResponse());
  const packet = new DataPacket({
    kind,
    destinationIdentities: to,
    value: {
      case: 'user',
      value: new UserPacket({
        payload: data,
        destinationIdentities: to,
        destinationSids,
        nonce,
        ...(topic !== undefined && { topic }),
      }),
    },
  });
  room.orders.announce(kind === DataPacket_Kind.LOSSY ? 'lossy' : 'reliable', packet.toBinary(), to);
  return ok(new SendDataResponse());
}
