import { SubscribedCodec, SubscribedQuality, SubscribedQualityUpdate, VideoQuality } from '@livekit/protocol';
import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { TrackId } from '../media/protocol.ts';
import type { Track, TrackVideo, VideoForm } from '../room/participant.ts';
import type { ServerMessage } from './frames.ts';
import { hasSizes } from './video-layers.ts';

/** Layers are stopped when nobody has wanted them for so long; they are wanted back at once. */
const STOP_AFTER: Millis = 3000;

const QUALITIES = [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH];

/** The largest layer of each form; -1: none. */
type Demand = Readonly<Record<VideoForm, number>>;

interface Video {
  readonly track: Track;
  wanted: Demand;
  told: Demand;
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

  /** The largest layers of a video that are watched. `published` is all that the client publishes. */
  wanted(track: Track, layers: Demand, published: ReadonlyMap<TrackId, Track>): void {
    for (const sid of this.#videos.keys()) if (!published.has(sid)) this.#end(sid);
    // A client makes all layers until it is told otherwise, but no backup.
    const all = { first: largestOf(track.video), backup: -1 };
    const video = this.#videos.get(track.sid) ?? { track, wanted: all, told: all, alarm: undefined };
    this.#videos.set(track.sid, video);
    const { told } = video;
    video.wanted = {
      first: Math.min(layers.first, all.first),
      backup: Math.min(layers.backup, largestOf(track.backup?.live?.video ?? track.video)),
    };
    const { wanted } = video;
    if (wanted.first > told.first || wanted.backup > told.backup)
      this.#tell(video, {
        first: Math.max(wanted.first, told.first),
        backup: Math.max(wanted.backup, told.backup),
      });
    if (wanted.first < video.told.first || wanted.backup < video.told.backup) {
      video.alarm ??= this.#timers.schedule(this.#clock.now() + STOP_AFTER, () => {
        if (published.has(track.sid)) this.#tell(video, video.wanted);
      });
      return;
    }
    this.#timers.cancel(video.alarm);
    video.alarm = undefined;
  }

  /** The client may have missed what it was told. */
  restate(): void {
    for (const video of this.#videos.values()) this.#tell(video, video.wanted);
  }

  close(): void {
    for (const sid of this.#videos.keys()) this.#end(sid);
  }

  #end(track: TrackId): void {
    this.#timers.cancel(this.#videos.get(track)?.alarm);
    this.#videos.delete(track);
  }

  #tell(video: Video, demand: Demand): void {
    this.#timers.cancel(video.alarm);
    video.alarm = undefined;
    video.told = demand;
    this.#send(subscribedQuality(video.track, demand));
  }
}

function largestOf(video: TrackVideo | undefined): number {
  return hasSizes(video) ? video.layers.length - 1 : 0;
}

/** The message: every quality of the video, on or off, and those of its backup, which the client publishes when one is on. */
function subscribedQuality({ backup, codecs, sid, video }: Track, most: Demand): ServerMessage {
  const first = subscribedCodec(codecs[0]?.mime ?? '', video, most.first);
  const second =
    backup && subscribedCodec(backup.codecs[0]?.mime ?? '', backup.live?.video ?? video, most.backup);
  return {
    case: 'subscribedQualityUpdate',
    value: new SubscribedQualityUpdate({
      trackSid: sid,
      subscribedQualities: first.qualities,
      subscribedCodecs: second === undefined ? [first] : [first, second],
    }),
  };
}

function subscribedCodec(mime: string, video: TrackVideo | undefined, most: number): SubscribedCodec {
  // Of a video without sizes, and of one that has them in one stream, clients look at the lowest quality.
  const layers = video?.simulcast === true ? video.layers.map(({ quality }) => quality) : QUALITIES;
  const qualities = layers.map(
    (quality, index) =>
      new SubscribedQuality({ quality, enabled: hasSizes(video) ? index <= most : most >= 0 }),
  );
  return new SubscribedCodec({ codec: mime.replace('video/', ''), qualities });
}
