import { TrackSource, TrackType } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { browserOffer, firstOffer, type OfferOptions, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

const microphone = { cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE };
const offer = (options: OfferOptions = {}) =>
  browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'mic' }], options);

/** Ada speaks, and Bob, whose client offers this, hears. */
function scene(options: {
  readonly disableRed: boolean;
  readonly ada?: OfferOptions;
  readonly bob?: OfferOptions;
}) {
  const rig = new Rig();
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(browserOffer(firstOffer, options.bob));
  bob.connect();
  const ada = new Client(rig);
  ada.addTrack({ ...microphone, disableRed: options.disableRed });
  ada.offer(offer(options.ada));
  bob.offer(browserOffer(firstOffer, options.bob));
  const names = (codecs: readonly { mime: string; payloadType: number }[] | undefined) =>
    codecs?.map(({ mime, payloadType }) => `${mime} ${payloadType}`);
  return {
    answer: section(ada.last('answer').sdp, '0'),
    received: names(rig.told('receiver.open')[0]?.codecs),
    sent: names(rig.told('sender.open')[0]?.codecs),
    track: bob.last('update').participants[0]?.tracks[0],
  };
}

test('is preferred where client and browser have it, and goes on to those who have it', () => {
  const { answer, received, sent, track } = scene({ disableRed: false });
  expect(answer).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 63 111\r\n/);
  expect(answer).toContain('a=rtpmap:63 red/48000/2\r\n');
  expect(answer).toContain('a=fmtp:63 111/111\r\n');
  expect(received).toEqual(['audio/red 63', 'audio/opus 111']);
  expect(sent).toEqual(received);
  expect(track).toMatchObject({ mimeType: 'audio/red', disableRed: false });
});

test('is not taken from a client that says so, as it does with encryption of its own, or that has none', () => {
  for (const { answer, received, sent, track } of [
    scene({ disableRed: true }),
    scene({ disableRed: false, ada: { without: ['red/48000/2'] } }),
  ]) {
    expect(answer).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111\r\n/);
    expect(received).toEqual(['audio/opus 111']);
    expect(sent).toEqual(received);
    expect(track).toMatchObject({ mimeType: 'audio/opus', disableRed: true });
  }
});

test('what was answered before the client announced its track stays so', () => {
  const rig = new Rig();
  const ada = new Client(rig);
  ada.offer(offer());
  ada.addTrack({ ...microphone, disableRed: false });
  expect(rig.told('receiver.open')[0]?.codecs.map(({ mime }) => mime)).toEqual(['audio/opus']);
});

test('whoever does not take it hears Opus', () => {
  const { received, sent } = scene({ disableRed: false, bob: { without: ['red/48000/2'] } });
  expect(received).toHaveLength(2);
  expect(sent).toEqual(['audio/opus 111']);
});
