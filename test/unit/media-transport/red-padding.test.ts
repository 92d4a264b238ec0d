import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { newIceCredentials } from '../../../src/ice/credentials.ts';
import { parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../../src/rtp/srtp/transform.ts';
import { fingerprint, master, World } from './world.ts';

const OPUS = { mime: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, fmtp: '' };
const RED = { mime: 'audio/red', clockRate: 48_000, channels: 2, payloadType: 63, fmtp: '111/111' };
const ADDRESS = '203.0.113.5';
const extensions = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 };
const PROFILE = 'AEAD_AES_128_GCM';

test('browsers probe with padding: a source of RED keeps its numbers whole for those who take it and for those who do not', () => {
  const world = new World();
  const peers = ['publisher', 'takes-red', 'takes-opus'].map((id, i) => {
    const local = newIceCredentials(systemRandom);
    world.host.open(id, local);
    world.host.remote(id, { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
    world.check(local, ADDRESS, 40_000 + i);
    world.dtls[i]!.say({ type: 'connected', profile: PROFILE, local: master, remote: master });
    return { port: 40_000 + i, opener: new SrtpOpener(PROFILE, master), sequences: [] as number[] };
  });
  world.host.openReceiver({
    ...{ transport: 'publisher', track: 'TR_1', kind: 'audio', mid: '0', ssrcs: [7] },
    ...{ codecs: [RED, OPUS], extensions },
  });
  for (const [id, codecs] of [
    ['takes-red', [RED, OPUS]],
    ['takes-opus', [OPUS]],
  ] as const) {
    world.host.openSender({
      ...{ transport: id, sender: `SN_${id}`, track: 'TR_1', kind: 'audio', mid: '0', ssrc: 9, cname: 'c' },
      ...{ codecs, extensions },
    });
  }
  const sealer = new SrtpSealer(PROFILE, master);
  // A block of Opus, then two packets of padding alone, then Opus with the one before said again.
  const payloads = [
    [111, 1, 2, 3],
    [],
    [],
    [0x80 | 111, 3840 >> 6, (3840 & 0x3f) << 2, 3, 111, 1, 2, 3, 4, 5, 6],
  ];
  for (const [i, payload] of payloads.entries()) {
    const bytes = new Uint8Array(12 + payload.length + 4 + SRTP_OVERHEAD);
    const fields = { payloadType: 63, marker: false, sequence: 100 + i, timestamp: 960 * i, ssrc: 7 };
    writeRtpHeader(bytes, 0, { ...fields, extension: 'none' });
    bytes.set(payload, 12);
    const end = 12 + payload.length + (payload.length === 0 ? 4 : 0);
    if (payload.length === 0) {
      bytes[0]! |= 0x20;
      bytes[end - 1] = 4;
    }
    const length = sealer.sealRtp(bytes, 12, end);
    world.socket.onDatagram(bytes.slice(0, length as number), ADDRESS, 40_000);
  }
  const view = new RtpView();
  for (const { bytes, port } of world.sent) {
    const peer = peers.find((one) => one.port === port);
    const length = peer?.opener.openRtp(bytes, bytes.length);
    if (typeof length !== 'number') continue;
    parseRtp(bytes, length, view);
    peer!.sequences.push(view.sequence);
  }
  for (const { sequences } of peers.slice(1)) {
    const [first = -1] = sequences;
    expect(sequences.map((sequence) => (sequence - first) & 0xffff)).toEqual([0, 1, 2, 3]);
  }
  world.pass(1000);
  expect(world.events.filter(({ type }) => type === 'dropped')).toEqual([]);
});
