import {
  AddTrackRequest,
  MuteTrackRequest,
  ParticipantInfo_Kind,
  SubscriptionError,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

const microphone = (cid: string) =>
  new AddTrackRequest({ cid, type: TrackType.AUDIO, source: TrackSource.MICROPHONE, name: 'mic' });

describe('one peer connection', () => {
  test('a join is answered with the room, who is there, TURN, and an ICE-lite answer', () => {
    const rig = new Rig();
    rig.phone('60312345678');
    const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 7 } });

    const join = client.last('join');
    expect(join.room?.name).toBe('lobby');
    expect(join.subscriberPrimary).toBe(false);
    expect(join.iceServers[0]).toMatchObject({ urls: ['turn:192.0.2.1:3478'], username: 'u:ada' });
    expect([join.pingInterval, join.pingTimeout]).toEqual([5, 15]);
    const [phone] = join.otherParticipants;
    expect(phone?.kind).toBe(ParticipantInfo_Kind.SIP);
    expect(phone?.attributes['sip.phoneNumber']).toBe('60312345678');
    expect(phone?.tracks[0]?.mimeType).toBe('audio/PCMA');

    const answer = client.last('answer');
    expect(answer.id).toBe(7);
    expect(answer.sdp).toContain('a=ice-lite\r\n');
    expect(answer.sdp).toContain('a=group:BUNDLE 0 1 2 3 4 5 6\r\n');
    expect(answer.sdp.match(/^m=/gm)).toHaveLength(7);
    expect(answer.sdp.match(/a=candidate:/g)).toHaveLength(1);
    expect(section(answer.sdp, '0')).toContain(
      'a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host\r\na=end-of-candidates',
    );
    expect(section(answer.sdp, '0')).toContain('a=setup:passive');
    expect(section(answer.sdp, '0')).toContain('a=fingerprint:sha-256 AB:CD');
    const { local, transport } = rig.told('transport.open')[0]!;
    expect(answer.sdp).toContain(`a=ice-ufrag:${local.ufrag}\r\na=ice-pwd:${local.pwd}`);
    expect(rig.told('transport.remote')[0]).toMatchObject({ transport, remote: { ufrag: 'Ab3+' } });
  });

  test('data channels are refused with port 0 when the worker has none', () => {
    const client = new Client(new Rig({ dataChannels: false }), {
      offer: { sdp: browserOffer(firstOffer), id: 1 },
    });
    const { sdp } = client.last('answer');
    expect(section(sdp, '6')).toMatch(/^m=application 0 UDP\/DTLS\/SCTP webrtc-datachannel\r\n/);
    expect(sdp).toContain('a=group:BUNDLE 0 1 2 3 4 5\r\n');
  });

  test('a microphone is announced, negotiated as Opus, said twice, and published', () => {
    const rig = new Rig();
    const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
    const other = new Client(rig, { identity: 'bob' });
    client.connect();
    client.addTrack(microphone('cid-1'));
    const { cid, track } = client.last('trackPublished');
    expect(cid).toBe('cid-1');
    expect(track?.sid).toMatch(/^TR_/);

    const lines = [
      ...firstOffer,
      { mid: '7', kind: 'audio', direction: 'sendonly', cid: 'cid-1', ssrc: 1234 } as const,
    ];
    client.offer(browserOffer(lines), 2);
    const mline = section(client.last('answer').sdp, '7');
    expect(mline).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 63 111\r\n/);
    expect(mline).toContain('a=recvonly');
    expect(mline).toContain('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1');
    expect(mline).toContain('transport-wide-cc');
    expect(mline).toContain('a=rtcp-fb:111 transport-cc');
    expect(rig.told('receiver.open')).toEqual([
      expect.objectContaining({
        track: track?.sid,
        mid: '7',
        ssrcs: [1234],
        kind: 'audio',
        extensions: { mid: 4, audioLevel: 1, absSendTime: 2, transportCc: 3 },
        codecs: [
          expect.objectContaining({ mime: 'audio/red', payloadType: 63 }),
          expect.objectContaining({ mime: 'audio/opus', payloadType: 111 }),
        ],
      }),
    ]);
    const seen = other.last('update').participants.find(({ identity }) => identity === 'ada');
    expect(seen?.tracks.map(({ sid }) => sid)).toEqual([track?.sid]);

    client.say({ case: 'mute', value: new MuteTrackRequest({ sid: track?.sid ?? '', muted: true }) });
    expect(other.last('update').participants[0]?.tracks[0]?.muted).toBe(true);
    expect(rig.told('receiver.mute').at(-1)).toMatchObject({ track: track?.sid, muted: true });

    client.offer(
      browserOffer(
        lines.map((line) => (line.mid === '7' ? { ...line, direction: 'inactive' as const } : line)),
      ),
      3,
    );
    expect(rig.told('receiver.close')).toHaveLength(1);
    expect(other.last('update').participants[0]?.tracks).toEqual([]);
  });

  test('an announcement may come after the offer', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'late' }]));
    expect(rig.told('receiver.open')).toHaveLength(0);
    client.addTrack(microphone('late'));
    expect(rig.told('receiver.open')).toHaveLength(1);
  });

  test('a phone is heard on a free m-line, in A-law alone', () => {
    const rig = new Rig();
    const { participant, track } = rig.phone('1000');
    const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
    expect(client.count('mediaSectionsRequirement')).toBe(0);
    client.connect();
    rig.pass(20);
    expect(client.last('mediaSectionsRequirement')).toMatchObject({ numAudios: 0, numVideos: 0 });

    client.offer(browserOffer(firstOffer), 2);
    const answer = client.last('answer');
    const mline = section(answer.sdp, '0');
    expect(mline).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 8\r\n/);
    expect(mline).toContain('a=rtpmap:8 PCMA/8000');
    expect(mline).toContain('a=sendonly');
    expect(mline).toContain(`a=msid:${participant.sid}|${track.sid} ${track.sid}`);
    expect(answer.midToTrackId).toEqual({ '0': track.sid });
    const [sender] = rig.told('sender.open');
    expect(sender).toMatchObject({
      track: track.sid,
      mid: '0',
      codecs: [{ mime: 'audio/pcma', payloadType: 8, clockRate: 8000, channels: 1 }],
    });
    expect(mline).toContain(`a=ssrc:${sender?.ssrc} cname:`);
    expect(section(answer.sdp, '1')).toContain('a=inactive');
    rig.pass(60_000);
    expect(client.count('mediaSectionsRequirement')).toBe(1);
  });

  test('m-lines that lack are asked for, all at once', () => {
    const rig = new Rig();
    for (const number of ['1', '2', '3', '4', '5']) rig.phone(number);
    const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
    client.connect();
    rig.pass(20);
    expect(client.last('mediaSectionsRequirement')).toMatchObject({ numAudios: 2, numVideos: 0 });
    client.offer(browserOffer([...firstOffer, { mid: '7', kind: 'audio' }, { mid: '8', kind: 'audio' }]), 2);
    expect(Object.values(client.last('answer').midToTrackId).sort()).toEqual(
      [1, 2, 3, 4, 5].map((n) => `TR_phone${n}`),
    );
    const ssrcs = rig.told('sender.open').map(({ ssrc }) => ssrc);
    expect(new Set(ssrcs).size).toBe(5);
  });

  test('a phone that leaves frees its m-line, which goes idle once before the next uses it', () => {
    const rig = new Rig();
    const first = rig.phone('1');
    const only = [{ mid: '0', kind: 'audio' }] as const;
    const client = new Client(rig, { offer: { sdp: browserOffer(only), id: 1 } });
    client.connect();
    rig.pass(20);
    client.offer(browserOffer(only), 2);
    expect(client.last('answer').midToTrackId).toEqual({ '0': 'TR_phone1' });

    first.room.leave(first.participant, 'client_initiated');
    expect(rig.told('sender.close')).toHaveLength(1);
    rig.phone('2', { mime: 'audio/pcmu', payloadType: 0 });
    rig.pass(20);
    expect(client.last('mediaSectionsRequirement').numAudios).toBe(0);
    client.offer(browserOffer(only), 3);
    expect(section(client.last('answer').sdp, '0')).toContain('a=inactive');
    rig.pass(20);
    client.offer(browserOffer(only), 4);
    expect(section(client.last('answer').sdp, '0')).toContain('a=rtpmap:0 PCMU/8000');
    expect(client.last('answer').midToTrackId).toEqual({ '0': 'TR_phone2' });
  });

  test('a client without the codec is told so, and is not asked again and again', () => {
    const rig = new Rig();
    rig.phone('1');
    const client = new Client(rig);
    const sdp = browserOffer([{ mid: '0', kind: 'audio' }], { without: ['PCMA'] });
    client.offer(sdp, 1);
    client.connect();
    rig.pass(20);
    client.offer(sdp, 2);
    expect(client.last('subscriptionResponse')).toMatchObject({
      trackSid: 'TR_phone1',
      err: SubscriptionError.SE_CODEC_UNSUPPORTED,
    });
    const asked = client.count('mediaSectionsRequirement');
    rig.pass(20_000);
    expect(client.count('mediaSectionsRequirement')).toBe(asked);
    expect(section(client.last('answer').sdp, '0')).toContain('a=inactive');
  });

  test('more phones than m-lines: the rest wait, without an endless round of offers', () => {
    const rig = new Rig();
    for (let n = 0; n < 70; n++) rig.phone(String(n));
    const client = new Client(rig);
    const lines = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ mid: String(i), kind: 'audio' as const }));
    client.offer(browserOffer(lines(3)), 1);
    client.connect();
    rig.pass(20);
    const { numAudios } = client.last('mediaSectionsRequirement');
    client.offer(browserOffer(lines(3 + numAudios)), 2);
    rig.pass(20_000);
    expect(client.count('mediaSectionsRequirement')).toBe(1);
    expect(rig.told('sender.open').length).toBe(3 + numAudios);
    expect(3 + numAudios).toBeGreaterThan(50);
  });

  test('an ICE restart gives new credentials on our side too', () => {
    const rig = new Rig();
    const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
    client.offer(browserOffer(firstOffer, { ufrag: 'Next' }), 2);
    const [restart] = rig.told('transport.restart');
    expect(rig.told('transport.remote').at(-1)?.remote.ufrag).toBe('Next');
    expect(client.last('answer').sdp).toContain(`a=ice-ufrag:${restart?.local.ufrag}`);
  });

  test('who may not publish is refused, and its m-line carries nothing', () => {
    const rig = new Rig();
    const permissions = {
      canPublish: false,
      canSubscribe: true,
      canPublishData: true,
      publishSources: [],
      canUpdateMetadata: false,
      hidden: false,
    };
    const client = new Client(rig, { permissions });
    client.addTrack(microphone('x'));
    client.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'x' }]));
    expect(client.last('requestResponse').message).toBe('track refused: not-allowed');
    expect(section(client.last('answer').sdp, '0')).toContain('a=inactive');
    expect(rig.told('receiver.open')).toHaveLength(0);
  });
});
