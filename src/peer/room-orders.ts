import {
  RoomUpdate,
  StreamState,
  StreamStateInfo,
  StreamStateUpdate,
  SubscriptionError,
  SubscriptionResponse,
  TrackSubscribed,
  TrackUnpublishedResponse,
} from '@livekit/protocol';
import type { TrackId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { DownlinkNews } from './downlink.ts';
import type { ServerMessage } from './frames.ts';
import { roomInfo } from './livekit-info.ts';

/** The room, changed. */
export function roomUpdate(room: RoomHandle): ServerMessage {
  return { case: 'roomUpdate', value: new RoomUpdate({ room: roomInfo(room) }) };
}

/** The client's own track is published no more: it stops sending it. */
export function trackUnpublished(trackSid: TrackId): ServerMessage {
  return { case: 'trackUnpublished', value: new TrackUnpublishedResponse({ trackSid }) };
}

/** Somebody got the client's own track for the first time: what its `waitForSubscription` waits for. */
export function trackSubscribed(trackSid: TrackId): ServerMessage {
  return { case: 'trackSubscribed', value: new TrackSubscribed({ trackSid }) };
}

/** A track that the client is subscribed to is not sent for lack of bandwidth, or is sent again. */
export function streamState(
  { publisher, track }: { readonly publisher: Participant; readonly track: Track },
  state: 'paused' | 'active',
): ServerMessage {
  const info = new StreamStateInfo({
    participantSid: publisher.sid,
    trackSid: track.sid,
    state: state === 'paused' ? StreamState.PAUSED : StreamState.ACTIVE,
  });
  return { case: 'streamStateUpdate', value: new StreamStateUpdate({ streamStates: [info] }) };
}

/** Says which tracks the client has no codec for, and tells the room of those that it can take in their backup form alone. */
export function codecNews(
  room: RoomHandle,
  participant: Participant,
  session: { drop(reason: string): void; send(message: ServerMessage): void },
): DownlinkNews {
  return {
    unmatched: (trackSid) => {
      session.drop('subscribe-codec');
      const err = SubscriptionError.SE_CODEC_UNSUPPORTED;
      session.send({ case: 'subscriptionResponse', value: new SubscriptionResponse({ trackSid, err }) });
    },
    changedForm: (track, layer, form) => room.demandLayer(participant, track, layer, form),
  };
}
