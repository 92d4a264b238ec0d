import {
  AddTrackRequest,
  SimulcastCodec,
  TrackSource,
  TrackType,
  UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { announcedVideo, wantedLayer } from '../../../src/peer/video-layers.ts';
import { browserOffer, firstOffer, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

const camera = new AddTrackRequest({
  cid: 'cam',
  type: TrackType.VIDEO,
  source: TrackSource.CAMERA,
  width: 1280,
  height: 720,
  layers: [
    new VideoLayer({ quality: VideoQuality.LOW, width: 320, height: 180 }),
    new VideoLayer({ quality: VideoQuality.MEDIUM, width: 640, height: 360 }),
    new VideoLayer({ quality: VideoQuality.HIGH, width: 1280, height: 720 }),
  ],
});
const three = { rids: ['f', 'h', 'q'], ridExtension: 10 };

const cameraOffer = browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' }])
  .replace('a=rtcp-mux\r\n', 'a=rtcp-mux\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n')
  .concat('a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n');

describe('the layer for a subscriber', () => {
  const video = announcedVideo(camera, three, 'video/vp8');
  test.each([
    [{ width: 320, height: 180 }, 0],
    [{ width: 180, height: 320 }, 0],
    [{ width: 321, height: 181 }, 1],
    [{ width: 640, height: 360 }, 1],
    [{ width: 4000, height: 3000 }, 2],
    [{ quality: VideoQuality.LOW }, 0],
    [{ quality: VideoQuality.MEDIUM }, 1],
    [{ quality: VideoQuality.HIGH }, 2],
    [{ quality: VideoQuality.OFF }, 2],
  ])('%j', (settings, layer) => {
    expect(wantedLayer(video, new UpdateTrackSettings(settings))).toBe(layer);
  });

  test('is not chosen where there is one', () => {
    expect(
      wantedLayer(announcedVideo(camera, undefined, 'video/vp8'), new UpdateTrackSettings()),
    ).toBeUndefined();
    expect(wantedLayer(undefined, new UpdateTrackSettings())).toBeUndefined();
  });

  test('two sizes are the lower two', () => {
    const two = announcedVideo(camera, { rids: ['q', 'h'], ridExtension: 10 }, 'video/vp8');
    expect(two.layers.map(({ height }) => height)).toEqual([180, 360]);
    expect(wantedLayer(two, new UpdateTrackSettings({ quality: VideoQuality.HIGH }))).toBe(1);
  });
});

describe('sizes in one stream', () => {
  test.each(['video/vp9', 'video/av1'])('of %s are chosen among as those of simulcast', (mime) => {
    const video = announcedVideo(camera, undefined, mime);
    expect(video).toMatchObject({ simulcast: false, svc: true });
    expect(wantedLayer(video, new UpdateTrackSettings({ width: 640, height: 360 }))).toBe(1);
  });

  test('of one size there is nothing to choose', () => {
    const one = new AddTrackRequest({ ...camera, layers: camera.layers.slice(2) });
    expect(announcedVideo(one, undefined, 'video/av1').svc).toBeUndefined();
  });
});

test('the Dependency Descriptor is agreed to where it is offered, with extensions of both forms', () => {
  const uri = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';
  const rig = new Rig();
  const ada = new Client(rig);
  ada.addTrack(
    new AddTrackRequest({ ...camera, simulcastCodecs: [new SimulcastCodec({ codec: 'av1', cid: 'cam' })] }),
  );
  const offer = browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' }]);
  ada.offer(offer.replace('a=rtcp-mux\r\n', `a=rtcp-mux\r\na=extmap:13 ${uri}\r\n`));
  const answer = section(ada.last('answer').sdp, '0');
  expect(answer).toContain('a=extmap-allow-mixed\r\n');
  expect(answer).toContain(`a=extmap:13 ${uri}\r\n`);
  expect(answer).toContain('AV1/90000');
  expect(rig.told('receiver.open')[0]?.extensions).toMatchObject({ dependencyDescriptor: 13 });
});

describe('a camera in three sizes', () => {
  test('is taken whole, is told with its sizes, and each subscriber gets the one that it asks for', () => {
    const rig = new Rig();
    const bob = new Client(rig, { identity: 'bob' });
    bob.offer(browserOffer(firstOffer));
    bob.connect();
    const ada = new Client(rig);
    ada.addTrack(camera);
    ada.offer(cameraOffer);
    expect(section(ada.last('answer').sdp, '0')).toContain('a=simulcast:recv q;h;f\r\n');
    const [receiver] = rig.told('receiver.open');
    expect(receiver?.simulcast).toEqual({ ridExtension: 10, repairedExtension: 0, rids: ['q', 'h', 'f'] });
    const told = bob.last('update').participants[0]?.tracks[0];
    expect(told).toMatchObject({ simulcast: true, width: 1280, height: 720 });
    expect(told?.layers.map(({ height, rid }) => [rid, height])).toEqual([
      ['q', 180],
      ['h', 360],
      ['f', 720],
    ]);

    // Before anything is sent, and while it is.
    const track = receiver?.track ?? '';
    const ask = (settings: Partial<UpdateTrackSettings>) =>
      bob.say({ case: 'trackSetting', value: new UpdateTrackSettings({ trackSids: [track], ...settings }) });
    ask({ width: 320, height: 180 });
    bob.offer(browserOffer(firstOffer));
    const [sender] = rig.told('sender.open');
    ask({ width: 640, height: 360 });
    ask({ width: 640, height: 360 });
    ask({ width: 640, height: 360, disabled: true });
    expect(rig.told('sender.layer').map(({ layer, sender: id }) => [id, layer])).toEqual([
      [sender?.sender, 0],
      [sender?.sender, 1],
    ]);
    ask({ width: 640, height: 360, fps: 15, priority: 2 });
    expect(rig.told('sender.wish')).toMatchObject([
      { sender: sender?.sender, framesPerSecond: 15, priority: 2 },
    ]);
    expect(rig.told('sender.mute').slice(0, 1)).toEqual([
      { type: 'sender.mute', sender: sender?.sender, muted: true },
    ]);
  });
});
