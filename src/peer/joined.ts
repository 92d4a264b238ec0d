import {
  type AddTrackRequest,
  RequestResponse,
  RequestResponse_Reason,
  type SyncState,
  TrackPublishedResponse,
  type UpdateSubscription,
} from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { Connection } from './connection.ts';
import type { Downlink } from './downlink.ts';
import type { ServerMessage } from './frames.ts';
import type { Publications, PublishRefusal } from './publications.ts';
import { subscriptionTracks } from './requests.ts';
import type { Selection } from './selection.ts';

/** A session that is in a room. */
export interface Joined {
  readonly name: 'joined';
  readonly room: RoomHandle;
  readonly participant: Participant;
  readonly publications: Publications;
  readonly downlink: Downlink;
  readonly selection: Selection;
  connection: Connection | undefined;
}

const reasons: Readonly<Record<PublishRefusal, RequestResponse_Reason>> = {
  'not-allowed': RequestResponse_Reason.NOT_ALLOWED,
  'too-many': RequestResponse_Reason.LIMIT_EXCEEDED,
  'too-long': RequestResponse_Reason.LIMIT_EXCEEDED,
  'no-medium': RequestResponse_Reason.UNSUPPORTED_TYPE,
  'no-such-track': RequestResponse_Reason.NOT_FOUND,
};

/** Takes the announcement of a track and says what the client is answered, and why it was refused, if it was. */
export function announceTrack(
  { publications }: Joined,
  request: AddTrackRequest,
): { answer: ServerMessage; refusal: PublishRefusal | undefined } {
  const announced = publications.announce(request);
  if (typeof announced !== 'string') {
    const value = new TrackPublishedResponse({ cid: request.cid, track: announced.info });
    return { answer: { case: 'trackPublished', value }, refusal: undefined };
  }
  const value = new RequestResponse({
    reason: reasons[announced],
    message: `track refused: ${announced}`,
    request: { case: 'addTrack', value: request },
  });
  return { answer: { case: 'requestResponse', value }, refusal: announced };
}

/** Carries out which tracks the client wants, and which no more. */
export function selectTracks(
  { connection, participant, room, selection }: Joined,
  request: UpdateSubscription,
): void {
  const tracks = subscriptionTracks(request);
  const wish = request.subscribe ? 'subscribe' : 'unsubscribe';
  for (const track of tracks) if (selection.wish(track, wish)) connection?.changed();
  room.setSubscribed(participant, tracks, wish);
}

/**
 * Takes in what the client believes after a resume: its wishes hold. False: it publishes a track that we do not know,
 * which is beyond repair.
 */
export function syncState(
  joined: Joined,
  { publishTracks, subscription, trackSidsDisabled }: SyncState,
): boolean {
  if (subscription !== undefined) selectTracks(joined, subscription);
  for (const track of trackSidsDisabled) joined.downlink.pause(track, true);
  return publishTracks.every(({ track }) => joined.publications.has(track?.sid ?? ''));
}
