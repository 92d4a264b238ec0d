import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { fail, ok, type Result } from '../base/result.ts';

/** A request that a client made. */
export type ClientMessage = Exclude<SignalRequest['message'], { case: undefined }>;
/** An answer or a piece of news for a client. */
export type ServerMessage = Exclude<SignalResponse['message'], { case: undefined }>;

/** Largest frame of a client, bytes or characters. */
export const MAX_FRAME = 512 * 1024;

/** Reads a frame: bytes are protobuf, text is JSON (LiveKit takes both). */
export function readFrame(
  data: Uint8Array | string,
): Result<ClientMessage, 'too-large' | 'malformed' | 'unknown'> {
  if (data.length > MAX_FRAME) return fail('too-large');
  try {
    const { message } =
      typeof data === 'string'
        ? SignalRequest.fromJsonString(data, { ignoreUnknownFields: true })
        : SignalRequest.fromBinary(data);
    return message.case === undefined ? fail('unknown') : ok(message);
  } catch {
    // protobuf's way of saying that the frame is no such message
    return fail('malformed');
  }
}

/** Writes a frame in the form that the client itself uses. */
export function writeFrame(message: ServerMessage, form: 'binary' | 'json'): Uint8Array | string {
  const response = new SignalResponse({ message });
  return form === 'json' ? response.toJsonString() : response.toBinary();
}
