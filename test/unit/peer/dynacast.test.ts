import {
  SimulcastCodec,
  TrackSource,
  TrackType,
  UpdateSubscription,
  UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

const cameraOffer = browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' }])
  .replace('a=sendonly\r\n', 'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=sendonly\r\n')
  .concat('a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n');

function watcher(rig: Rig, identity: string, index: number): Client {
  const client = new Client(rig, { identity });
  client.offer(browserOffer(firstOffer));
  client.connect(index);
  return client;
}

/** Ada with a camera, and who watches. */
function scene(watchers: number, offer = cameraOffer, video = { codec: 'vp8', layers: 0 }) {
  const rig = new Rig();
  const clients = Array.from({ length: watchers }, (_, i) => watcher(rig, `bob${i}`, i));
  const ada = new Client(rig);
  ada.addTrack({
    cid: 'cam',
    type: TrackType.VIDEO,
    source: TrackSource.CAMERA,
    width: 1280,
    height: 720,
    simulcastCodecs: [new SimulcastCodec({ codec: video.codec, cid: 'cam' })],
    layers: Array.from({ length: video.layers }, (_, quality) => new VideoLayer({ quality })),
  });
  ada.offer(offer);
  const track = rig.told('receiver.open')[0]?.track ?? '';
  const ask = (client: Client, settings: Partial<UpdateTrackSettings>) =>
    client.say({ case: 'trackSetting', value: new UpdateTrackSettings({ trackSids: [track], ...settings }) });
  const told = () =>
    ada.received.flatMap((message) =>
      message.case === 'subscribedQualityUpdate'
        ? [message.value.subscribedQualities.map(({ enabled }) => enabled)]
        : [],
    );
  return { rig, clients, ada, track, ask, told };
}

const plainOffer = browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' }]);

describe('what nobody watches', () => {
  test.each([
    { what: 'a video of one size', codec: 'vp8', layers: 0, small: [true, true, true] },
    { what: 'sizes in one stream', codec: 'av1', layers: 3, small: [true, false, false] },
  ])('$what: LiveKit’s client looks at the lowest quality', ({ small, ...video }) => {
    const { ask, clients, rig, told } = scene(1, plainOffer, video);
    const [bob] = clients as [Client];
    ask(bob, { disabled: true });
    rig.pass(3000);
    expect(told().at(-1)).toEqual([false, false, false]);
    ask(bob, { disabled: false, quality: VideoQuality.LOW });
    expect(told().at(-1)).toEqual(small);
  });

  test('need not be sent: layers go after a while, and come back at once', () => {
    const { ada, ask, clients, rig, told, track } = scene(2);
    const [bob, cem] = clients as [Client, Client];
    rig.pass(5000);
    expect(told()).toEqual([]);
    ask(bob, { quality: VideoQuality.LOW });
    rig.pass(5000);
    expect(told()).toEqual([]);
    ask(cem, { quality: VideoQuality.MEDIUM });
    rig.pass(2999);
    expect(told()).toEqual([]);
    rig.pass(1);
    expect(told()).toEqual([[true, true, false]]);
    expect(ada.last('subscribedQualityUpdate')).toMatchObject({
      trackSid: track,
      subscribedCodecs: [{ codec: 'vp8' }],
    });
    ask(bob, { quality: VideoQuality.HIGH });
    expect(told().at(-1)).toEqual([true, true, true]);
    ask(bob, { disabled: true });
    rig.pass(3000);
    expect(told().at(-1)).toEqual([true, true, false]);
    ask(cem, { disabled: true });
    rig.pass(3000);
    expect(told().at(-1)).toEqual([false, false, false]);
    ask(cem, { disabled: false, quality: VideoQuality.LOW });
    expect(told().at(-1)).toEqual([true, false, false]);
  });

  test('who unsubscribes or leaves wants nothing any more', () => {
    const { clients, rig, told, track } = scene(2);
    const [bob, cem] = clients as [Client, Client];
    bob.say({
      case: 'subscription',
      value: new UpdateSubscription({ trackSids: [track], subscribe: false }),
    });
    rig.pass(3000);
    expect(told()).toEqual([]);
    cem.say({ case: 'leave', value: {} as never });
    rig.pass(3000);
    expect(told()).toEqual([[false, false, false]]);
    watcher(rig, 'dan', 3);
    expect(told().at(-1)).toEqual([true, true, true]);
  });

  test('a change that is taken back within the while is not told', () => {
    const { ask, clients, rig, told } = scene(1);
    ask(clients[0]!, { quality: VideoQuality.LOW });
    rig.pass(2000);
    ask(clients[0]!, { quality: VideoQuality.HIGH });
    rig.pass(5000);
    expect(told()).toEqual([]);
  });
});
