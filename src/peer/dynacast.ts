import { SubscribedCodec, SubscribedQuality, SubscribedQualityUpdate, VideoQuality } from '@livekit/protocol';
import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { TrackId } from '../media/protocol.ts';
import type { Track } from '../room/participant.ts';
import type { ServerMessage } from './frames.ts';
import { hasSizes } from './video-layers.ts';

/** Layers are stopped when nobody has wanted them for so long; they are wanted back at once. */
const STOP_AFTER: Millis = 3000;

const QUALITIES = [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH];

interface Video {
  readonly track: Track;
  wanted: number;
  told: number;
  alarm: Alarm | undefined;
}

/** Tells a client which layers of its videos nobody watches, so that it need not make them (LiveKit's dynacast). */
export class Dynacast {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #send: (message: ServerMessage) => void;
  readonly #videos = new Map<TrackId, Video>();

  constructor(timers: Timers, clock: Clock, send: (message: ServerMessage) => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#send = send;
  }

  /** The largest layer of a video that is watched; -1: none of them is. `published` is all that the client publishes. */
  wanted(track: Track, layer: number, published: ReadonlyMap<TrackId, Track>): void {
    for (const sid of this.#videos.keys()) if (!published.has(sid)) this.#end(sid);
    const largest = hasSizes(track.video) ? track.video.layers.length - 1 : 0;
    // A client makes all layers until it is told otherwise.
    const video = this.#videos.get(track.sid) ?? { track, wanted: largest, told: largest, alarm: undefined };
    this.#videos.set(track.sid, video);
    video.wanted = Math.min(layer, largest);
    if (video.wanted < video.told) {
      video.alarm ??= this.#timers.schedule(this.#clock.now() + STOP_AFTER, () => {
        if (published.has(track.sid)) this.#tell(video);
      });
      return;
    }
    this.#timers.cancel(video.alarm);
    video.alarm = undefined;
    if (video.wanted > video.told) this.#tell(video);
  }

  /** The client may have missed what it was told. */
  restate(): void {
    for (const video of this.#videos.values()) this.#tell(video);
  }

  close(): void {
    for (const sid of this.#videos.keys()) this.#end(sid);
  }

  #end(track: TrackId): void {
    this.#timers.cancel(this.#videos.get(track)?.alarm);
    this.#videos.delete(track);
  }

  #tell(video: Video): void {
    this.#timers.cancel(video.alarm);
    video.alarm = undefined;
    video.told = video.wanted;
    this.#send(subscribedQuality(video.track, video.wanted));
  }
}

/** The message: every quality of the video, on or off. */
function subscribedQuality({ codecs, sid, video }: Track, most: number): ServerMessage {
  // Of a video without sizes, and of one that has them in one stream, clients look at the lowest quality.
  const layers = video?.simulcast === true ? video.layers.map(({ quality }) => quality) : QUALITIES;
  const qualities = layers.map(
    (quality, index) =>
      new SubscribedQuality({ quality, enabled: hasSizes(video) ? index <= most : most >= 0 }),
  );
  const codec = (codecs[0]?.mime ?? '').replace('video/', '');
  return {
    case: 'subscribedQualityUpdate',
    value: new SubscribedQualityUpdate({
      trackSid: sid,
      subscribedQualities: qualities,
      subscribedCodecs: [new SubscribedCodec({ codec, qualities })],
    }),
  };
}
