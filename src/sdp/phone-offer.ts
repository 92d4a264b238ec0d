import { fail, ok, type Result } from '../base/result.ts';
import {
  type AudioAgreement,
  choosePtime,
  eventFor,
  type MediaWay,
  type NegotiationFault,
  wayOf,
} from './phone-answer.ts';
import {
  type AudioFormat,
  isCodec,
  OFFERED_DTMF,
  OFFERED_PAYLOAD_TYPES,
  type PhoneCodec,
} from './phone-codec.ts';
import {
  type Direction,
  mirrored,
  narrower,
  type PhoneDescription,
  type PhoneMediaLine,
} from './phone-description.ts';
import { type LocalAudio, type LocalSession, writePhoneSdp } from './phone-write.ts';

/** Our offer of one audio line: in a 200 when the INVITE had none, in an outgoing INVITE, or again for a refresh. */
export interface PhoneOffer {
  readonly codecs: readonly PhoneCodec[];
  readonly direction: Direction;
  /** Our number for telephone-event: one that was agreed on may not change (RFC 3264 section 8.3.2). */
  readonly dtmf?: number | 'none';
  /** Packet time that we ask for; 20 when it is not said. */
  readonly ptimeMs?: number;
  /** `rtp` when it is not said. */
  readonly way?: MediaWay;
  /** The session's m-lines so far, which an offer repeats in their places (RFC 3264 section 8); none: a new session. */
  readonly session?: { readonly line: number; readonly lines: readonly PhoneMediaLine[] };
}

const PROTOCOLS: Readonly<Record<MediaWay, string>> = { rtp: 'RTP/AVP', ice: 'UDP/TLS/RTP/SAVPF' };

/** The offer's text; codecs in our order. */
export function writeOffer(offer: PhoneOffer, local: LocalSession): string {
  const { codecs, direction, ptimeMs = 20, way = 'rtp', session } = offer;
  const ours: LocalAudio = {
    ...{ protocol: PROTOCOLS[way], formats: codecs.map(offeredFormat), dtmf: offeredDtmf(offer) },
    ...{ ptimeMs, direction, mid: undefined, setup: 'actpass' },
  };
  const lines = session?.lines.map((theirs, at) =>
    at === session.line ? { ...ours, protocol: theirs.protocol, mid: theirs.mid } : theirs,
  );
  return writePhoneSdp(local, lines ?? [ours]);
}

/** What the phone's answer makes of our offer: its first codec that we offered (RFC 3264 section 7). */
export function acceptAnswer(
  offer: PhoneOffer,
  answer: PhoneDescription,
): Result<AudioAgreement, NegotiationFault> {
  const audio = answer.lines[offer.session?.line ?? 0]?.audio;
  if (audio === undefined || wayOf(audio) !== (offer.way ?? 'rtp')) return fail('no-audio');
  const codec = audio.formats.find((format) => offer.codecs.some((name) => isCodec(format, name)));
  if (codec === undefined) return fail('no-common-codec');
  const dtmfOut = eventFor(audio, codec);
  return ok({
    remote: { address: audio.address, port: audio.port, rtcpPort: audio.rtcpPort },
    codec,
    // What comes to us bears the numbers of our offer (RFC 3264 section 5.1).
    accept: offer.codecs.map(offeredFormat),
    dtmfOut,
    dtmfIn: dtmfOut === undefined ? undefined : offeredDtmf(offer),
    ptimeMs: choosePtime(audio),
    direction: narrower(offer.direction, mirrored(audio.direction)),
    association: audio.association,
  });
}

function offeredDtmf({ dtmf = OFFERED_DTMF }: PhoneOffer): number | undefined {
  return dtmf === 'none' ? undefined : dtmf;
}

function offeredFormat(name: PhoneCodec): AudioFormat {
  const payloadType = OFFERED_PAYLOAD_TYPES[name];
  return { mime: `audio/${name.toLowerCase()}`, clockRate: 8000, channels: 1, payloadType, fmtp: '' };
}
