import {
  BackupCodecPolicy,
  SimulcastCodec,
  TrackSource,
  TrackType,
  UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

const [cam, spare] = [
  { mid: '0', kind: 'video', direction: 'sendonly', cid: 'cam' },
  { mid: '1', kind: 'video', direction: 'sendonly', cid: 'cam2' },
] as const;
const withoutVp9 = { without: ['VP9', 'AV1'] };
const simulcast = (offer: string) =>
  offer.replace(
    /(a=mid:1\r\n)/,
    '$1a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n',
  );

/** Ada publishes VP9 with a backup; Bob can take all, Cem no VP9. */
function scene(
  backupCodecPolicy = BackupCodecPolicy.PREFER_REGRESSION,
  cemJoins: 'before' | 'not' = 'before',
) {
  const rig = new Rig();
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(browserOffer(firstOffer));
  bob.connect(0);
  const join = (identity: string, index: number) => {
    const client = new Client(rig, { identity });
    client.offer(browserOffer(firstOffer, withoutVp9));
    client.connect(index);
    client.offer(browserOffer(firstOffer, withoutVp9), 2);
    return client;
  };
  const cem = cemJoins === 'before' ? join('cem', 1) : undefined;
  const ada = new Client(rig);
  ada.addTrack({
    cid: 'cam',
    type: TrackType.VIDEO,
    source: TrackSource.CAMERA,
    width: 1280,
    height: 720,
    backupCodecPolicy,
    simulcastCodecs: [
      new SimulcastCodec({ codec: 'vp9', cid: 'cam' }),
      new SimulcastCodec({ codec: 'vp8', cid: '' }),
    ],
    layers: [180, 360, 720].map(
      (height, quality) => new VideoLayer({ quality, height, width: (height * 16) / 9 }),
    ),
  });
  ada.offer(browserOffer([cam]));
  bob.offer(browserOffer(firstOffer), 2);
  cem?.offer(browserOffer(firstOffer, withoutVp9), 3);
  const sid = rig.told('receiver.open')[0]!.track;
  /** What livekit-client does when a backup is wanted: it announces another name for the same track, and sends it. */
  const backUp = () => {
    ada.addTrack({
      cid: 'cam2',
      sid,
      type: TrackType.VIDEO,
      source: TrackSource.CAMERA,
      simulcastCodecs: [new SimulcastCodec({ codec: 'vp9', cid: 'cam2' })],
    });
    ada.offer(simulcast(browserOffer([cam, spare])), 2);
  };
  /** What Ada was told last: of each codec, which qualities. */
  const wanted = () =>
    ada.received.flatMap((message) =>
      message.case === 'subscribedQualityUpdate'
        ? [
            Object.fromEntries(
              message.value.subscribedCodecs.map(({ codec, qualities }) => [
                codec,
                qualities.filter(({ enabled }) => enabled).length,
              ]),
            ),
          ]
        : [],
    );
  const backup = () => rig.told('receiver.open')[1]?.track ?? '';
  return { rig, ada, bob, cem, sid, backUp, wanted, backup, join };
}

describe('a subscriber that cannot take the first codec', () => {
  test('is promised the backup, which the publisher is asked for', () => {
    const { ada, backUp, backup, cem, rig, wanted } = scene();
    expect(ada.last('trackPublished').track?.codecs.map(({ mimeType }) => mimeType)).toEqual([
      'video/VP9',
      'video/VP8',
    ]);
    expect(section(cem!.last('answer').sdp, '3')).toContain('VP8/90000');
    expect(cem!.count('subscriptionResponse')).toBe(0);
    expect(wanted().at(-1)).toEqual({ vp9: 3, vp8: 3 });
    backUp();
    const opened = rig.told('receiver.open')[1];
    expect(opened).toMatchObject({
      mid: '1',
      codecs: [{ mime: 'video/vp8' }],
      simulcast: { rids: ['q', 'h', 'f'] },
    });
    const [forBob, forCem] = rig.told('sender.open').filter(({ kind }) => kind === 'video');
    expect(forBob?.codecs.map(({ mime }) => mime)).toEqual(['video/vp9', 'video/vp8']);
    expect(forCem).toMatchObject({ track: backup(), codecs: [{ mime: 'video/vp8' }] });
  });

  test('replaces the first for all: no new description, and the first is made no more', () => {
    const { ada, backUp, backup, bob, rig, wanted } = scene();
    const answers = bob.count('answer');
    backUp();
    const forBob = rig.told('sender.open').find(({ codecs }) => codecs.length === 2)!;
    expect(rig.told('sender.source')).toEqual([
      expect.objectContaining({ sender: forBob.sender, track: backup() }),
    ]);
    expect(bob.count('answer')).toBe(answers);
    rig.pass(3000);
    expect(wanted().at(-1)).toEqual({ vp9: 0, vp8: 3 });
    const [track] = bob.last('update').participants[0]!.tracks;
    expect(track?.codecs.map(({ cid, mid, mimeType }) => [mimeType, mid, cid])).toEqual([
      ['video/VP9', '0', 'cam'],
      ['video/VP8', '1', 'cam2'],
    ]);
    expect(ada.last('trackPublished').track?.sid).toBe(track?.sid);
  });

  test('leaves others theirs where both are wanted at once (BackupCodecPolicy.SIMULCAST)', () => {
    const { backUp, rig, wanted } = scene(BackupCodecPolicy.SIMULCAST);
    backUp();
    rig.pass(5000);
    expect(rig.told('sender.source')).toEqual([]);
    expect(wanted().at(-1)).toEqual({ vp9: 3, vp8: 3 });
  });

  test('has its own sizes', () => {
    const { backUp, cem, rig, sid, wanted } = scene(BackupCodecPolicy.SIMULCAST);
    backUp();
    cem!.say({
      case: 'trackSetting',
      value: new UpdateTrackSettings({ trackSids: [sid], quality: VideoQuality.LOW }),
    });
    rig.pass(3000);
    expect(wanted().at(-1)).toEqual({ vp9: 3, vp8: 1 });
    expect(rig.told('sender.layer').at(-1)).toMatchObject({ layer: 0 });
    cem!.say({ case: 'leave', value: {} as never });
    rig.pass(3000);
    expect(wanted().at(-1)).toEqual({ vp9: 3, vp8: 0 });
  });

  test('that comes later gets what is there', () => {
    const { backUp, backup, join, rig, wanted } = scene(undefined, 'not');
    expect(wanted()).toEqual([]);
    join('cem', 2);
    expect(wanted().at(-1)).toEqual({ vp9: 3, vp8: 3 });
    backUp();
    join('dan', 3);
    expect(rig.told('sender.open').at(-1)).toMatchObject({
      track: backup(),
      codecs: [{ mime: 'video/vp8' }],
    });
  });
});

describe('a backup', () => {
  test('is muted with its track, and ends with it', () => {
    const { ada, backUp, backup, rig, sid } = scene();
    backUp();
    ada.say({ case: 'mute', value: { sid, muted: true } as never });
    expect(rig.told('receiver.mute').map(({ track }) => track)).toEqual([sid, backup()]);
    ada.offer(
      browserOffer([
        { ...cam, direction: 'inactive' },
        { ...spare, direction: 'inactive' },
      ]),
      3,
    );
    expect(rig.told('receiver.close').map(({ track }) => track)).toEqual([backup(), sid]);
  });

  test('that ends alone is no more told of', () => {
    const { ada, backUp, backup, bob, rig } = scene();
    backUp();
    ada.offer(browserOffer([cam, { ...spare, direction: 'inactive' }]), 3);
    expect(rig.told('receiver.close').map(({ track }) => track)).toEqual([backup()]);
    expect(bob.last('update').participants[0]!.tracks[0]?.codecs[1]).toMatchObject({ mid: '', cid: '' });
  });

  test('goes with its publisher', () => {
    const { ada, backUp, backup, rig } = scene();
    backUp();
    ada.say({ case: 'leave', value: {} as never });
    expect(rig.told('receiver.close').map(({ track }) => track)).toContain(backup());
  });
});
