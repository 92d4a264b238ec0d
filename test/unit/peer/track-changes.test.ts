import {
  AddTrackRequest,
  AudioTrackFeature,
  RequestResponse_Reason,
  TrackSource,
  TrackType,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  VideoQuality,
} from '@livekit/protocol';
import { expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

const MICROPHONE = { cid: 'cid-1', type: TrackType.AUDIO, source: TrackSource.MICROPHONE, name: 'mic' };
const CAMERA = {
  ...{ cid: 'cid-2', type: TrackType.VIDEO, source: TrackSource.CAMERA, name: 'cam' },
  ...{ width: 640, height: 360, layers: [{ quality: VideoQuality.HIGH, width: 640, height: 360 }] },
};
const LINES = [
  ...firstOffer,
  { mid: '7', kind: 'audio', direction: 'sendonly', cid: 'cid-1', ssrc: 1234 } as const,
  { mid: '8', kind: 'video', direction: 'sendonly', cid: 'cid-2', ssrc: 1235 } as const,
];

/** Ada, who publishes microphone and camera, and Bob, who is told. */
function publishing(): { ada: Client; bob: Client; rig: Rig; microphone: string; camera: string } {
  const rig = new Rig();
  const ada = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
  const bob = new Client(rig, { identity: 'bob', offer: { sdp: browserOffer(firstOffer), id: 1 } });
  ada.addTrack(new AddTrackRequest(MICROPHONE));
  const microphone = ada.last('trackPublished').track?.sid ?? '';
  ada.addTrack(new AddTrackRequest(CAMERA));
  const camera = ada.last('trackPublished').track?.sid ?? '';
  ada.offer(browserOffer(LINES), 2);
  return { ada, bob, rig, microphone, camera };
}

function told(client: Client, sid: string): unknown {
  return client.last('update').participants[0]?.tracks.find((track) => track.sid === sid);
}

test('what is done to a sound is said anew, and others are told, with what has fields of its own', () => {
  const { ada, bob, microphone } = publishing();
  const say = (...features: AudioTrackFeature[]): void =>
    ada.say({
      case: 'updateAudioTrack',
      value: new UpdateLocalAudioTrack({ trackSid: microphone, features }),
    });
  const { TF_ENHANCED_NOISE_CANCELLATION, TF_NO_DTX, TF_STEREO } = AudioTrackFeature;
  say(TF_STEREO, TF_ENHANCED_NOISE_CANCELLATION, TF_NO_DTX, TF_STEREO);
  const all = {
    ...{ stereo: true, disableDtx: true, mid: '7', name: 'mic' },
    audioFeatures: [TF_STEREO, TF_ENHANCED_NOISE_CANCELLATION, TF_NO_DTX],
  };
  expect(told(bob, microphone)).toMatchObject(all);
  expect(told(ada, microphone)).toMatchObject(all);
  say();
  expect(told(bob, microphone)).toMatchObject({ stereo: false, disableDtx: false, audioFeatures: [] });
  expect(ada.count('requestResponse')).toBe(0);
});

test('a picture has another size: others are told, within bounds', () => {
  const { ada, bob, camera } = publishing();
  const say = (width: number, height: number): void =>
    ada.say({
      case: 'updateVideoTrack',
      value: new UpdateLocalVideoTrack({ trackSid: camera, width, height }),
    });
  say(360, 640);
  expect(told(bob, camera)).toMatchObject({ width: 360, height: 640, layers: [{ width: 640, height: 360 }] });
  say(0xffff_ffff, 1);
  expect(told(bob, camera)).toMatchObject({ width: 16_384, height: 1 });
});

test('of a track that no m-line carries yet it is kept, and answered in the next description', () => {
  const rig = new Rig();
  const ada = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
  ada.addTrack(new AddTrackRequest({ ...MICROPHONE, disableDtx: true }));
  const trackSid = ada.last('trackPublished').track?.sid ?? '';
  const features = [AudioTrackFeature.TF_STEREO];
  ada.say({ case: 'updateAudioTrack', value: new UpdateLocalAudioTrack({ trackSid, features }) });
  expect(ada.count('requestResponse')).toBe(0);
  ada.offer(browserOffer(LINES.slice(0, -1)), 2);
  expect(ada.last('answer').sdp).toContain('stereo=1;usedtx=1');
  expect(told(ada, trackSid)).toMatchObject({ stereo: true, disableDtx: false, audioFeatures: features });
});

test('of tracks of others, of another kind and of none nothing can be said, and the client is told so', () => {
  const { ada, bob, camera, microphone } = publishing();
  const before = bob.count('update');
  for (const [client, trackSid] of [
    [bob, microphone],
    [ada, camera],
    [ada, 'TR_none'],
  ] as const) {
    const value = new UpdateLocalAudioTrack({ trackSid, features: [AudioTrackFeature.TF_STEREO] });
    client.say({ case: 'updateAudioTrack', value });
    expect(client.last('requestResponse')).toMatchObject({
      reason: RequestResponse_Reason.NOT_FOUND,
      request: { case: 'updateAudioTrack', value: { trackSid } },
    });
  }
  const value = new UpdateLocalVideoTrack({ trackSid: microphone, width: 1, height: 1 });
  ada.say({ case: 'updateVideoTrack', value });
  expect(ada.last('requestResponse').request.case).toBe('updateVideoTrack');
  expect(bob.count('update')).toBe(before);
});

test('a second codec of a track that has ended meanwhile is refused', () => {
  const { ada, camera } = publishing();
  ada.offer(browserOffer(LINES.slice(0, -1)), 3);
  ada.addTrack(new AddTrackRequest({ ...CAMERA, cid: 'cid-3', sid: camera }));
  expect(ada.last('requestResponse')).toMatchObject({
    reason: RequestResponse_Reason.NOT_FOUND,
    request: { case: 'addTrack', value: { cid: 'cid-3' } },
  });
});

test('sound comes in the codec that its announcement names first', () => {
  const rig = new Rig();
  const ada = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
  const simulcastCodecs = [{ codec: 'audio/PCMU', cid: 'cid-1' }, { codec: 'opus' }];
  ada.addTrack(new AddTrackRequest({ ...MICROPHONE, simulcastCodecs }));
  const sid = ada.last('trackPublished').track?.sid ?? '';
  ada.offer(browserOffer(LINES.slice(0, -1)), 2);
  expect(told(ada, sid)).toMatchObject({ mimeType: 'audio/PCMU' });
});

test('names that are longer than any are refused', () => {
  const rig = new Rig();
  const ada = new Client(rig);
  ada.addTrack(new AddTrackRequest({ ...MICROPHONE, name: 'x'.repeat(513) }));
  expect(ada.last('requestResponse').reason).toBe(RequestResponse_Reason.LIMIT_EXCEEDED);
  expect(ada.count('trackPublished')).toBe(0);
});
