import { fail, ok, type Result } from '../base/result.ts';
import type { AgreedAssociation, OfferedAssociation } from './association.ts';
import type { CryptoLine } from './crypto.ts';
import { type AgreedDtls, answeringRole } from './dtls-roles.ts';
import { type EncryptionFault, type OurEncryption, usableLines } from './encryption.ts';
import { choosePtime, type PacketTimes } from './packet-times.ts';
import { type AudioFormat, isCodec, type PhoneCodec } from './phone-codec.ts';
import {
  type Direction,
  mirrored,
  narrower,
  type PhoneAudio,
  type PhoneDescription,
  type PhoneMediaLine,
} from './phone-description.ts';
import { type LocalAudio, type LocalEvent, type LocalSession, writePhoneSdp } from './phone-write.ts';

/**
 * What an offer and an answer agreed on. Field by field what the media side's `LegMedia` wants, but for the sources
 * that may be latched on to, which are the trunk's to say.
 */
export interface AudioAgreement {
  readonly remote: { readonly address: string; readonly port: number; readonly rtcpPort: number };
  /** RTCP both ways on RTP's ports (RFC 5761); of a web phone it is never otherwise, and not said here. */
  readonly rtcpMux?: boolean | undefined;
  /** What we send. */
  readonly codec: AudioFormat;
  /** What may come in. */
  readonly accept: readonly AudioFormat[];
  readonly dtmfOut: number | undefined;
  readonly dtmfIn: number | undefined;
  /** Comfort noise, if both want it. */
  readonly comfortNoiseOut?: number | undefined;
  readonly comfortNoiseIn?: number | undefined;
  readonly ptimeMs: number;
  /** Our side's. */
  readonly direction: Direction;
  /** Of a web phone. */
  readonly association?: AgreedAssociation | undefined;
  /** SRTP by DTLS without ICE. */
  readonly dtls?: AgreedDtls | undefined;
  /** SRTP's keys of what we send and of what comes; undefined: plain RTP, or a web phone's. */
  readonly crypto?: { readonly local: CryptoLine; readonly remote: CryptoLine } | undefined;
}

/** Why there is no agreement: no audio that we can use, none in a codec that the trunk allows, or SRTP. All are 488. */
export type NegotiationFault = 'no-audio' | 'no-common-codec' | EncryptionFault;

/** An agreement, and which m-line of the offer it is about. */
export interface AnswerPlan {
  readonly line: number;
  readonly agreement: AudioAgreement;
}

/** What an offer meets on our side, besides the codecs that are allowed. */
export interface OurSide {
  /** The codec in use: it stays when the offer has it, for a change costs every browser a negotiation. */
  readonly keep: PhoneCodec | undefined;
  /** What we want ourselves: `sendrecv`, or less while we hold. */
  readonly direction: Direction;
  readonly way?: MediaWay;
  /** Undefined: plain RTP only. */
  readonly encryption?: OurEncryption | undefined;
  /** A web phone's so far. */
  readonly association?: AgreedAssociation | undefined;
  /** Undefined: as the phone asks for. */
  readonly packetTimes?: PacketTimes | undefined;
}

/** How media travel: as RTP or SRTP, or as a browser's, by DTLS-SRTP behind ICE. A call has one or the other. */
export type MediaWay = 'rtp' | 'ice';

const FRESH: OurSide = { keep: undefined, direction: 'sendrecv' };

/**
 * Chooses from a phone's offer: the first line of our way of media with a codec that is allowed, and of its codecs the first
 * in the phone's order (RFC 3264 section 6.1); where SRTP is allowed, lines with keys before those without. Other lines, such
 * as a twin in the clear, video or fax, are refused.
 */
export function planAnswer(
  offer: PhoneDescription,
  allowed: readonly PhoneCodec[],
  { keep, direction, way = 'rtp', encryption, association, packetTimes }: OurSide = FRESH,
): Result<AnswerPlan, NegotiationFault> {
  const usable = usableLines(offer, way, encryption);
  if (!usable.ok) return usable;
  let fault: NegotiationFault = 'no-audio';
  for (const { line, audio, crypto, dtls } of usable.value) {
    const common = audio.formats.filter((format) => allowed.some((name) => isCodec(format, name)));
    const codec = (keep && common.find((format) => isCodec(format, keep))) ?? common[0];
    if (codec === undefined) {
      fault = 'no-common-codec';
      continue;
    }
    const dtmf = eventFor(audio, codec);
    const noise = allowed.includes('CN') ? noiseFor(audio, codec) : undefined;
    const { remote, rtcpMux } = placeOf(
      audio,
      audio.rtcpMux && (dtls !== undefined || isMuxable(audio, common)),
    );
    return ok({
      line,
      agreement: {
        remote,
        rtcpMux,
        codec,
        accept: common,
        dtmfOut: dtmf,
        dtmfIn: dtmf,
        comfortNoiseOut: noise,
        comfortNoiseIn: noise,
        ptimeMs: choosePtime(audio, packetTimes),
        direction: narrower(mirrored(audio.direction), direction),
        association: audio.association && answeredAssociation(audio.association, association),
        crypto,
        dtls,
      },
    });
  }
  return fail(fault);
}

/** Our answer: one codec, so that nobody has to guess or lock down, and their telephone-event number. */
export function writeAnswer(
  offer: PhoneDescription,
  { line, agreement }: AnswerPlan,
  local: LocalSession,
): string {
  return writePhoneSdp(
    local,
    offer.lines.map((theirs, index) => (index === line ? answeredLine(theirs, agreement) : theirs)),
  );
}

/** Its DTLS goes on whatever the credentials of ICE (RFC 8842 section 5.3), and with it who began it. */
function answeredAssociation(
  { ice, fingerprints, setup }: OfferedAssociation,
  standing: AgreedAssociation | undefined,
): AgreedAssociation {
  return { ice, fingerprints, role: answeringRole(setup, standing?.role) };
}

function answeredLine({ protocol, mid }: PhoneMediaLine, agreement: AudioAgreement): LocalAudio {
  const { codec, comfortNoiseIn: noise, ptimeMs, direction, rtcpMux, dtls, crypto, association } = agreement;
  return {
    protocol,
    formats: [codec],
    events: eventsOf(agreement),
    noise,
    ptimeMs,
    direction,
    mid,
    setup: (association ?? dtls)?.role === 'client' ? 'active' : 'passive',
    rtcpMux: rtcpMux === true,
    // RFC 8842 section 5.3: a `tls-id` is answered by one.
    dtls: dtls && { tlsId: dtls.theirId === undefined ? undefined : dtls.ourId },
    crypto: crypto && [crypto.local],
  };
}

/**
 * Where a phone hears RTP and RTCP; `mux`: whether both may go one way, where the phone would have it so (RFC 5761
 * section 5.1.1).
 */
export function placeOf(
  { address, port, rtcpPort, rtcpMux, association }: PhoneAudio,
  mux: boolean,
): Pick<AudioAgreement, 'remote' | 'rtcpMux'> {
  const isMuxed = rtcpMux && mux && association === undefined;
  return { remote: { address, port, rtcpPort }, rtcpMux: isMuxed ? true : undefined };
}

/** RFC 5761 section 4: with these payload types and a marker RTP cannot be told from RTCP. */
function isMuxable({ events, noises }: PhoneAudio, formats: readonly AudioFormat[]): boolean {
  return [...formats, ...events, ...noises].every(({ payloadType }) => payloadType < 64 || payloadType > 95);
}

/** How an audio line wants its media to travel. */
export function wayOf({ association }: PhoneAudio): MediaWay {
  return association === undefined ? 'rtp' : 'ice';
}

/** telephone-event at the codec's clock; one at another clock would time keys wrongly (RFC 4733 section 2.4). */
export function eventFor({ events }: PhoneAudio, codec: AudioFormat): number | undefined {
  return events.find(({ clockRate }) => clockRate === codec.clockRate)?.payloadType;
}

/** Comfort noise at the codec's clock, likewise (RFC 3389 section 4). */
export function noiseFor({ noises }: PhoneAudio, codec: AudioFormat): number | undefined {
  return noises.find(({ clockRate }) => clockRate === codec.clockRate)?.payloadType;
}

function eventsOf({ codec, dtmfIn }: AudioAgreement): LocalEvent[] {
  return dtmfIn === undefined ? [] : [{ payloadType: dtmfIn, clockRate: codec.clockRate }];
}
