import {
  RoomConfiguration,
  SessionDescription,
  SimulcastCodec,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { readRoomConfig, roomConfigClaim } from '../../../src/peer/room-config.ts';
import type { RoomWish } from '../../../src/room/wish.ts';
import { HeaderExtensions } from '../../../src/sfu/header-extensions.ts';
import { browserOffer, firstOffer, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

const URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
const withDelay = (offer: string) =>
  offer.replaceAll('a=rtcp-mux\r\n', `a=rtcp-mux\r\na=extmap:12 ${URI}\r\n`);

/** Ada's camera and microphone, watched by Bob, in a room that was made by this wish. */
function scene(wish: RoomWish) {
  const rig = new Rig();
  rig.rooms.create('lobby', wish);
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(withDelay(browserOffer(firstOffer)));
  bob.connect(0);
  const ada = new Client(rig);
  ada.addTrack({
    cid: 'cam',
    type: TrackType.VIDEO,
    source: TrackSource.CAMERA,
    simulcastCodecs: [new SimulcastCodec({ codec: 'vp8', cid: 'cam' })],
  });
  ada.addTrack({ cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE });
  ada.offer(
    withDelay(
      browserOffer([
        { mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' },
        { mid: '1', kind: 'audio', direction: 'sendonly', cid: 'mic' },
      ]),
    ),
  );
  bob.offer(withDelay(browserOffer(firstOffer)), 2);
  return { rig, ada, bob };
}

describe('a room that asks for a delay', () => {
  test('has the extension agreed to, and tells subscribers to videos', () => {
    const { bob, rig } = scene({ playoutDelay: { minMs: 200, maxMs: 600 } });
    expect(section(bob.last('answer').sdp, '3')).toContain(`a=extmap:12 ${URI}\r\n`);
    const [video, audio] = ['video', 'audio'].map((kind) =>
      rig.told('sender.open').find((one) => one.kind === kind),
    );
    expect(video).toMatchObject({
      playoutDelay: { minMs: 200, maxMs: 600 },
      extensions: { playoutDelay: 12 },
    });
    expect(audio?.playoutDelay).toBeUndefined();
  });

  test('and others do not', () => {
    const { ada, bob, rig } = scene({});
    expect(ada.last('answer').sdp + bob.last('answer').sdp).not.toContain(URI);
    expect(rig.told('sender.open').map(({ playoutDelay }) => playoutDelay)).toEqual([undefined, undefined]);
  });

  test('says so in our own offers', () => {
    const rig = new Rig();
    rig.rooms.create('lobby', { playoutDelay: { minMs: 0, maxMs: 100 } });
    const bob = new Client(rig, { identity: 'bob', connections: 'dual' });
    const lines = [
      { mid: '0', kind: 'audio', direction: 'inactive' },
      { mid: 'data', kind: 'application' },
    ] as const;
    const sdp = browserOffer(lines, { setup: 'active' });
    bob.say({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp, id: 1 }) });
    bob.connect(0);
    const ada = new Client(rig);
    ada.addTrack({ cid: 'cam', type: TrackType.VIDEO, source: TrackSource.CAMERA });
    ada.offer(browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' }]));
    rig.pass(100);
    expect(bob.last('offer').sdp).toContain(`a=extmap:6 ${URI}\r\n`);
  });
});

test('what shall be kept together is one stream', () => {
  const streams = (wish: RoomWish) => [
    ...new Set(
      [
        ...scene(wish)
          .bob.last('answer')
          .sdp.matchAll(/msid:(\S+)/g),
      ].map(([, stream]) => stream),
    ),
  ];
  expect(streams({ syncStreams: true })).toEqual([expect.stringMatching(/^PA_\w+\|camera$/)]);
  expect(streams({})).toEqual([expect.stringMatching(/\|TR_/), expect.stringMatching(/\|TR_/)]);
});

test.each([
  [{}, undefined],
  [{ minPlayoutDelay: 100 }, { minMs: 100, maxMs: 10_000 }],
  [{ maxPlayoutDelay: 300 }, { minMs: 0, maxMs: 300 }],
  [
    { minPlayoutDelay: 500, maxPlayoutDelay: 300 },
    { minMs: 500, maxMs: 500 },
  ],
  [{ minPlayoutDelay: 4_000_000_000 }, { minMs: 40_950, maxMs: 40_950 }],
])('a room configuration of %j', (said, playoutDelay) => {
  const wish = readRoomConfig(new RoomConfiguration({ ...said, syncStreams: true }).toJson());
  expect(wish).toMatchObject({ playoutDelay, syncStreams: true });
  expect(readRoomConfig(roomConfigClaim(wish as RoomWish))).toEqual(wish);
});

test('both bounds in steps of 10 ms, 12 bits each, in every packet', () => {
  const ids = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0, playoutDelay: 6 };
  const bytes = new Uint8Array(32);
  const written = (extensions: HeaderExtensions) => [
    ...bytes.subarray(0, extensions.write(bytes, 0, 127, 0, 0)),
  ];
  expect(written(new HeaderExtensions(ids, '', { minMs: 10, maxMs: 40_950 }))).toEqual([
    ...[0xbe, 0xde, 0, 1],
    ...[0x62, 0x00, 0x1f, 0xff],
  ]);
  expect(written(new HeaderExtensions(ids, ''))).toEqual([]);
  expect(written(new HeaderExtensions({ ...ids, playoutDelay: 0 }, '', { minMs: 10, maxMs: 20 }))).toEqual(
    [],
  );
});
