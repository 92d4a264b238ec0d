import { AudioTrackFeature, RequestResponse, RequestResponse_Reason, TrackType } from '@livekit/protocol';
import type { ClientMessage } from './frames.ts';
import type { Publications } from './publications.ts';

/**
 * Carries out that a client says something else of its own track: what is done to its sound, or how large its picture is
 * (UpdateLocalAudioTrack, UpdateLocalVideoTrack). As in LiveKit nothing is answered but that there is no such track.
 */
export function changeTrack(
  publications: Publications,
  request: Extract<ClientMessage, { case: 'updateAudioTrack' | 'updateVideoTrack' }>,
): RequestResponse | undefined {
  const { trackSid } = request.value;
  const done =
    request.case === 'updateAudioTrack'
      ? publications.change(trackSid, TrackType.AUDIO, sound(request.value.features))
      : publications.change(trackSid, TrackType.VIDEO, {
          width: request.value.width,
          height: request.value.height,
        });
  if (done) return undefined;
  const reason = RequestResponse_Reason.NOT_FOUND;
  return new RequestResponse({ reason, message: 'no such track of your own', request });
}

/** All that is said of a sound, for what is no longer said no longer holds; two of the features have fields of their own. */
function sound(features: readonly AudioTrackFeature[]): {
  audioFeatures: AudioTrackFeature[];
  stereo: boolean;
  disableDtx: boolean;
} {
  return {
    audioFeatures: [...new Set(features)],
    stereo: features.includes(AudioTrackFeature.TF_STEREO),
    disableDtx: features.includes(AudioTrackFeature.TF_NO_DTX),
  };
}
