import { ConnectionError, ConnectionErrorReason, DisconnectReason } from 'livekit-client';

/** No answer whatever. */
export const UNREACHABLE = 'The gateway cannot be reached. Is it running, and is your network up?';

/** A failure to show as it is. */
export class PlainError extends Error {}

/** What went wrong while joining, in words that say what to do. */
export function failureText(error: unknown): string {
  if (error instanceof PlainError) return error.message;
  if (error instanceof ConnectionError) {
    switch (error.reason) {
      case ConnectionErrorReason.NotAllowed:
        // livekit-client puts its own words before the gateway's.
        return `The gateway does not let you in: ${error.message.replace('could not establish signal connection: ', '')}.`;
      case ConnectionErrorReason.ServerUnreachable:
        return UNREACHABLE;
      case ConnectionErrorReason.Cancelled:
        return 'Joining was cancelled.';
      case ConnectionErrorReason.LeaveRequest:
        return 'The gateway ended the session while you were joining. Try again.';
      default:
        return 'Your sound could not be connected. A firewall may be in the way: “Test my connection” tells what to open.';
    }
  }
  return error instanceof Error ? error.message : String(error);
}

/** Why the microphone does not work. */
export function microphoneText(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') {
    return 'The browser may not use your microphone, so you can only listen. Allow it beside the address, then unmute.';
  }
  if (name === 'NotFoundError') return 'No microphone was found, so you can only listen.';
  if (name === 'NotReadableError') return 'Another program holds your microphone, so you can only listen.';
  return 'Your microphone could not be started, so you can only listen.';
}

/** Why a session ended; empty when the person left. */
export function endText(reason: DisconnectReason | undefined): string {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return '';
    case DisconnectReason.DUPLICATE_IDENTITY:
      return 'You joined from somewhere else, so you left here.';
    case DisconnectReason.SERVER_SHUTDOWN:
      return 'The gateway is shutting down. Try again in a moment.';
    case DisconnectReason.PARTICIPANT_REMOVED:
      return 'You were removed from the room.';
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return 'The room was closed.';
    default:
      return 'The connection was lost.';
  }
}
