import type { TrackId } from '../media/protocol.ts';
import type { Member } from './member.ts';
import type { Track, VideoForm } from './participant.ts';

/** All layers. */
export const EVERY_LAYER = Number.POSITIVE_INFINITY;
/** No layer: nobody watches. */
export const NO_LAYER_WANTED = -1;

/** What a subscriber has a use for: layers up to this one, in that form. */
interface Wish {
  readonly layer: number;
  readonly form: VideoForm;
}

/** Which is the largest layer of each form of each video that anybody has a use for; its publisher's door is told when that changes. */
export class VideoDemand {
  readonly #wanted = new Map<TrackId, Map<Member, Wish>>();
  readonly #told = new Map<TrackId, Readonly<Record<VideoForm, number>>>();

  /** A video is there, which nobody may watch. */
  begin(track: Track, publisher: Member): void {
    if (track.kind === 'video') this.#tell(track, publisher);
  }

  /** A subscriber has a use for layers of that form up to this one. */
  set(track: Track, publisher: Member, subscriber: Member, layer: number, form: VideoForm): void {
    if (track.kind !== 'video') return;
    let wanted = this.#wanted.get(track.sid);
    if (wanted === undefined) {
      wanted = new Map();
      this.#wanted.set(track.sid, wanted);
    }
    wanted.set(subscriber, { layer, form });
    this.#tell(track, publisher);
  }

  /** A subscriber has the track no more. */
  drop(track: Track, publisher: Member, subscriber: Member): void {
    if (this.#wanted.get(track.sid)?.delete(subscriber) === true) this.#tell(track, publisher);
  }

  /** The track is gone. */
  end(track: TrackId): void {
    this.#wanted.delete(track);
    this.#told.delete(track);
  }

  #tell(track: Track, publisher: Member): void {
    const most = { first: NO_LAYER_WANTED, backup: NO_LAYER_WANTED };
    for (const { form, layer } of this.#wanted.get(track.sid)?.values() ?? [])
      most[form] = Math.max(most[form], layer);
    const told = this.#told.get(track.sid);
    if (told?.first === most.first && told.backup === most.backup) return;
    this.#told.set(track.sid, most);
    publisher.door.layersWanted?.(track, most);
  }
}
