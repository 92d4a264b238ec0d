import { fail, ok, type Result } from '../base/result.ts';
import { answeredDtls, answeredRole } from './dtls-roles.ts';
import { answeredKeys, type OfferedEncryption } from './encryption.ts';
import { choosePtime, type PacketTimes } from './packet-times.ts';
import {
  type AudioAgreement,
  eventFor,
  type MediaWay,
  type NegotiationFault,
  noiseFor,
  placeOf,
  wayOf,
} from './phone-answer.ts';
import { type AudioFormat, isCodec, offeredEvent, offeredFormat, type PhoneCodec } from './phone-codec.ts';
import {
  type Direction,
  mirrored,
  narrower,
  type PhoneDescription,
  type PhoneMediaLine,
} from './phone-description.ts';
import { type LocalAudio, type LocalEvent, type LocalSession, writePhoneSdp } from './phone-write.ts';

/** Our offer of audio, of one line, or of a twin with SRTP and one without: in a 200 when the INVITE had none, in an outgoing INVITE, or again for a refresh. */
export interface PhoneOffer {
  /** In our order; with `CN` comfort noise is offered too. */
  readonly codecs: readonly PhoneCodec[];
  readonly direction: Direction;
  /** Our number for telephone-event beside the first codec: one that was agreed on may not change (RFC 3264 section 8.3.2). */
  readonly dtmf?: number | 'none';
  /** What came to us so far: its payload types stay, too. */
  readonly known?: readonly AudioFormat[];
  /** Packet time that we ask for; 20 when it is not said. What `packetTimes` says of it wins. */
  readonly ptimeMs?: number;
  readonly packetTimes?: PacketTimes | undefined;
  /** `rtp` when it is not said. */
  readonly way?: MediaWay;
  /** RTCP on RTP's port is offered (RFC 5761). */
  readonly rtcpMux?: boolean;
  /** Undefined: plain RTP. */
  readonly encryption?: OfferedEncryption | undefined;
  /** The session's m-lines so far, which an offer repeats in their places (RFC 3264 section 8); none: a new session. */
  readonly session?: { readonly line: number; readonly lines: readonly PhoneMediaLine[] };
}

const SECURED = 'RTP/SAVP';
/** RFC 5764 section 8. */
const SECURED_BY_DTLS = 'UDP/TLS/RTP/SAVP';
const PROTOCOLS: Readonly<Record<MediaWay, string>> = { rtp: 'RTP/AVP', ice: 'UDP/TLS/RTP/SAVPF' };

/** The offer's text; codecs in our order. */
export function writeOffer(offer: PhoneOffer, local: LocalSession): string {
  const { codecs, direction, ptimeMs = 20, way = 'rtp', session, encryption } = offer;
  const ours: LocalAudio = {
    ...{ protocol: PROTOCOLS[way], formats: offeredFormats(offer), events: offeredEvents(offer) },
    noise: codecs.includes('CN') ? offeredFormat('CN').payloadType : undefined,
    ...{ ptimeMs, direction, mid: undefined, setup: 'actpass', rtcpMux: offer.rtcpMux === true },
  };
  const secured: LocalAudio =
    encryption === undefined
      ? ours
      : encryption.dtls !== undefined
        ? { ...ours, protocol: SECURED_BY_DTLS, dtls: encryption.dtls, rtcpMux: true }
        : { ...ours, protocol: SECURED, crypto: encryption.keys };
  const lines = session?.lines.map((theirs, at) =>
    at === session.line ? { ...secured, protocol: theirs.protocol, mid: theirs.mid } : theirs,
  );
  return writePhoneSdp(local, lines ?? (encryption?.plain === 'beside' ? [secured, ours] : [secured]));
}

/** Which of the session's m-lines an answer to our offer makes the audio: of a twin the one that was not refused. */
export function answeredLine({ session, encryption }: PhoneOffer, answer: PhoneDescription): number {
  if (session !== undefined || encryption?.plain !== 'beside') return session?.line ?? 0;
  return answer.lines[0]?.audio === undefined && answer.lines[1]?.audio !== undefined ? 1 : 0;
}

/** What the phone's answer makes of our offer: its first codec that we offered (RFC 3264 section 7). */
export function acceptAnswer(
  offer: PhoneOffer,
  answer: PhoneDescription,
): Result<AudioAgreement, NegotiationFault> {
  const audio = answer.lines[answeredLine(offer, answer)]?.audio;
  if (audio === undefined || wayOf(audio) !== (offer.way ?? 'rtp')) return fail('no-audio');
  const keys = wayOf(audio) === 'rtp' ? answeredKeys(offer.encryption, audio) : ok(undefined);
  if (!keys.ok) return keys;
  const dtls = offer.encryption?.dtls;
  const { association: theirs } = audio;
  const codec = audio.formats.find((format) => offer.codecs.some((name) => isCodec(format, name)));
  if (codec === undefined) return fail('no-common-codec');
  const dtmfOut = eventFor(audio, codec);
  const noiseOut = offer.codecs.includes('CN') ? noiseFor(audio, codec) : undefined;
  return ok({
    ...placeOf(audio, offer.rtcpMux === true || dtls !== undefined),
    codec,
    // What comes to us bears the numbers of our offer (RFC 3264 section 5.1).
    accept: offeredFormats(offer),
    dtmfOut,
    dtmfIn: dtmfOut === undefined ? undefined : offeredEventAt(offer, codec.clockRate),
    comfortNoiseOut: noiseOut,
    comfortNoiseIn: noiseOut === undefined ? undefined : offeredFormat('CN').payloadType,
    ptimeMs: choosePtime(audio, offer.packetTimes),
    direction: narrower(offer.direction, mirrored(audio.direction)),
    association: theirs && {
      ...{ ice: theirs.ice, fingerprints: theirs.fingerprints },
      role: answeredRole(theirs.setup),
    },
    ...(keys.value === undefined ? {} : { crypto: keys.value }),
    ...(dtls !== undefined && audio.dtls !== undefined ? { dtls: answeredDtls(audio.dtls, dtls.tlsId) } : {}),
  });
}

function offeredFormats({ codecs, known = [] }: PhoneOffer): AudioFormat[] {
  return codecs
    .filter((name) => name !== 'CN')
    .map((name) => known.find((format) => isCodec(format, name)) ?? offeredFormat(name));
}

/** RFC 4733 section 2.4: one for each clock of the codecs, the first codec's first. */
function offeredEvents(offer: PhoneOffer): LocalEvent[] {
  const clocks = new Set(offeredFormats(offer).map(({ clockRate }) => clockRate));
  return [...clocks].flatMap((clockRate) => {
    const payloadType = offeredEventAt(offer, clockRate);
    return payloadType === undefined ? [] : [{ payloadType, clockRate }];
  });
}

function offeredEventAt(offer: PhoneOffer, clockRate: number): number | undefined {
  if (offer.dtmf === 'none') return undefined;
  const isFirst = offeredFormats(offer)[0]?.clockRate === clockRate;
  return isFirst && offer.dtmf !== undefined ? offer.dtmf : offeredEvent(clockRate);
}
