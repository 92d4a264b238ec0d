import type { TrackId } from '../media/protocol.ts';
import type { Track, TrackVideo, VideoForm } from '../room/participant.ts';

/** A video as a client gets it. */
export interface FormedVideo {
  readonly track: Track;
  readonly form: VideoForm;
}

/** The track's backup has come and is what everybody gets. */
export function isReplaced({ backup }: Track): boolean {
  return backup?.replaces === true && backup.live !== undefined;
}

/** Whose packets the client gets. */
export function sourceOf({ form, track }: FormedVideo): TrackId {
  return form === 'backup' && track.backup !== undefined ? track.backup.source : track.sid;
}

/** The sizes of what the client gets. A backup that has not come is taken to have those of the first. */
export function videoOf({ form, track }: FormedVideo): TrackVideo | undefined {
  return form === 'backup' ? (track.backup?.live?.video ?? track.video) : track.video;
}
