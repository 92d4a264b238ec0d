import { type AddTrackRequest, type UpdateTrackSettings, VideoQuality } from '@livekit/protocol';
import type { TrackVideo, VideoLayer } from '../room/participant.ts';
import type { Simulcast } from '../sdp/simulcast.ts';

/** LiveKit's names of the sizes, and OBS's, which LiveKit knows too. Others count in the order of the description. */
const qualities: Readonly<Record<string, VideoQuality>> = {
  q: VideoQuality.LOW,
  h: VideoQuality.MEDIUM,
  f: VideoQuality.HIGH,
  '2': VideoQuality.LOW,
  '1': VideoQuality.MEDIUM,
  '0': VideoQuality.HIGH,
};
const MAX_SIDE = 16_384;

/** Codecs of which LiveKit's clients send all sizes in one stream, if they do not say simulcast. */
const SVC: readonly string[] = ['video/vp9', 'video/av1'];

/** The sizes of a video that is announced, smallest first; with simulcast one for each stream of the m-line. `mime`: its codec. */
export function announcedVideo(
  request: AddTrackRequest,
  simulcast: Simulcast | undefined,
  mime: string,
): TrackVideo {
  const announced = request.layers.length > 0 ? request.layers : (request.simulcastCodecs[0]?.layers ?? []);
  const layer = (rid: string, quality: VideoQuality): VideoLayer => {
    const found = announced.find((one) => (one.rid === '' ? one.quality === quality : one.rid === rid));
    return {
      rid,
      quality,
      width: side(found?.width ?? 0),
      height: side(found?.height ?? 0),
      bitrate: found?.bitrate ?? 0,
    };
  };
  const layers =
    simulcast === undefined
      ? announced.slice(0, 4).map(({ quality, rid }) => layer(rid, quality))
      : simulcast.rids.map((rid, index) => layer(rid, qualities[rid] ?? index));
  return {
    ...pixels(request),
    simulcast: simulcast !== undefined,
    ...(simulcast === undefined && layers.length > 1 && SVC.includes(mime) && { svc: true }),
    layers: layers.sort((a, b) => a.quality - b.quality),
  };
}

/** How large a picture is said to be, within bounds. */
export function pixels({ height, width }: { width: number; height: number }): {
  width: number;
  height: number;
} {
  return { width: side(width), height: side(height) };
}

/** There is a size to choose for each subscriber. */
export function hasSizes(video: TrackVideo | undefined): video is TrackVideo {
  return video !== undefined && (video.simulcast || video.svc === true);
}

/**
 * The largest layer that a subscriber has a use for, 0 the smallest: the first that is not smaller than the
 * size it asks for, else by the quality. Undefined when there is nothing to choose.
 */
export function wantedLayer(
  video: TrackVideo | undefined,
  { width, height, quality }: Pick<UpdateTrackSettings, 'width' | 'height' | 'quality'>,
): number | undefined {
  if (!hasSizes(video)) return undefined;
  const last = video.layers.length - 1;
  if (width > 0 && height > 0 && video.layers.every((layer) => layer.height > 0)) {
    // The shorter sides are compared: a phone turned upright is not larger for that.
    const asked = Math.min(width, height);
    const fits = video.layers.findIndex((layer) => Math.min(layer.width, layer.height) >= asked);
    return fits === -1 ? last : fits;
  }
  // OFF is said by `disabled`; as a quality it limits nothing.
  if (quality === VideoQuality.OFF) return last;
  return Math.max(
    0,
    video.layers.findLastIndex((layer) => layer.quality <= quality),
  );
}

function side(pixels: number): number {
  return Math.min(MAX_SIDE, pixels);
}
