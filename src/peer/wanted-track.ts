import type { UpdateTrackSettings } from '@livekit/protocol';
import type { Participant, Track, VideoForm } from '../room/participant.ts';
import { isReplaced, videoOf } from './video-form.ts';
import { wantedLayer } from './video-layers.ts';

/** What the media worker is told of a track's sender: commands that lack its id. */
type Terms =
  | { readonly type: 'sender.mute'; readonly muted: boolean }
  | { readonly type: 'sender.layer'; readonly layer: number }
  | { readonly type: 'sender.wish'; readonly framesPerSecond: number; readonly priority: number };

/** A track that the room wants a client to have, and what the client wants of it (UpdateTrackSettings). */
export class WantedTrack {
  readonly track: Track;
  readonly publisher: Participant;
  /** The client cannot take any of its codecs: not tried again. */
  unmatched = false;
  /** In which form the client gets it. */
  #form: VideoForm;
  /** The client does not want its packets for now. */
  #paused = false;
  /** The largest simulcast layer that it has a use for; undefined: nothing was said, or there is nothing to choose. */
  #layer: number | undefined;
  /** What was said of the size. */
  #size: Pick<UpdateTrackSettings, 'width' | 'height' | 'quality'> | undefined;
  /** Frames a second that are enough, 0: all; and how much it matters beside others. */
  #framesPerSecond = 0;
  #priority = 0;

  constructor(track: Track, publisher: Participant) {
    this.track = track;
    this.publisher = publisher;
    this.#form = isReplaced(track) ? 'backup' : 'first';
  }

  get form(): VideoForm {
    return this.#form;
  }

  /** The largest layer that the client has a use for; undefined: nothing was said. */
  get layer(): number | undefined {
    return this.#layer;
  }

  /** The largest layer that the client has a use for now; -1: none. */
  get demanded(): number {
    return this.#paused ? -1 : (this.#layer ?? Number.POSITIVE_INFINITY);
  }

  /** Pauses or resumes its packets. Answers what its sender is to be told. */
  pause(paused: boolean): Terms[] {
    if (this.#paused === paused) return [];
    this.#paused = paused;
    return [{ type: 'sender.mute', muted: paused }];
  }

  /** Takes what the client says of it. Answers what its sender is to be told. */
  adjust(settings: UpdateTrackSettings): Terms[] {
    const terms = this.pause(settings.disabled);
    if (this.track.kind !== 'video') return terms;
    const { fps, priority } = settings;
    const layer = wantedLayer(videoOf(this), settings);
    if (layer !== undefined && layer !== this.#layer) terms.push({ type: 'sender.layer', layer });
    if (this.#framesPerSecond !== fps || this.#priority !== priority)
      terms.push({ type: 'sender.wish', framesPerSecond: fps, priority });
    this.#layer = layer ?? this.#layer;
    this.#size = settings;
    this.#framesPerSecond = fps;
    this.#priority = priority;
    return terms;
  }

  /** The client gets it in this form from now on. False: it does already. */
  take(form: VideoForm): boolean {
    if (this.#form === form) return false;
    this.#form = form;
    const video = videoOf(this);
    this.#layer = video && this.#size && wantedLayer(video, this.#size);
    return true;
  }

  /** All that a new sender of it is to be told. */
  get terms(): Terms[] {
    const [framesPerSecond, priority] = [this.#framesPerSecond, this.#priority];
    return [
      ...(this.#paused ? [{ type: 'sender.mute', muted: true } as const] : []),
      ...(this.#layer === undefined ? [] : [{ type: 'sender.layer', layer: this.#layer } as const]),
      ...(framesPerSecond > 0 || priority > 0
        ? [{ type: 'sender.wish', framesPerSecond, priority } as const]
        : []),
    ];
  }
}
