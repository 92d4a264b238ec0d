import { fail, ok, type Result } from '../base/result.ts';
import { type OfferedAssociation, readFingerprints, readIce, readSetup, readTlsId } from './association.ts';
import { type CryptoLine, readCrypto } from './crypto.ts';
import type { DtlsEnd } from './dtls-roles.ts';
import {
  type MediaDescription,
  PHONE_SDP_LIMITS,
  parseSdp,
  type SdpFault,
  type SessionFacts,
} from './parse.ts';
import { type AudioFormat, mimeOf, STATIC_FORMATS } from './phone-codec.ts';
import { readPlainSdp } from './plain-sdp.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** An audio line of a phone that could be talked to. */
export interface PhoneAudio {
  /** A literal address, or `0.0.0.0`/`::` from a phone that holds the old way. Whether media may go there is policy. */
  readonly address: string;
  readonly port: number;
  /** By `a=rtcp` (RFC 3605), else the next port. */
  readonly rtcpPort: number;
  readonly rtcpMux: boolean;
  /** In the phone's order; telephone-event and comfort noise are not among them. */
  readonly formats: readonly AudioFormat[];
  /** telephone-event of all clock rates, in the phone's order (RFC 4733 section 2.4). */
  readonly events: readonly AudioFormat[];
  /** Comfort noise (RFC 3389). */
  readonly noises: readonly AudioFormat[];
  /** What the phone would like to get, ms; undefined when it does not say. */
  readonly ptimeMs: number | undefined;
  readonly maxPtimeMs: number | undefined;
  /** As the phone sees it; a null address counts as its wish to hear nothing (RFC 3264 section 8.4). */
  readonly direction: Direction;
  /** A web phone's ICE and DTLS (RFC 8827): its media go there, and `address` is the null address. Undefined: plain RTP. */
  readonly association?: OfferedAssociation | undefined;
  /** RTP/SAVP or RTP/SAVPF: in the clear there is nothing to be had. */
  readonly secured: boolean;
  /** DTLS-SRTP without ICE (RFC 5763). */
  readonly dtls?: DtlsEnd | undefined;
  /** Keys of SRTP that we can use, in the phone's order. A line of plain RTP that has some is glad of SRTP. */
  readonly crypto: readonly CryptoLine[];
}

/** One m-line, in its place: an answer has as many, in the same order (RFC 3264 section 6). */
export interface PhoneMediaLine {
  readonly type: string;
  readonly protocol: string;
  /** The format list as it came, for the refusal of a line. */
  readonly formats: string;
  /** `a=mid` (RFC 5888), which our line repeats. */
  readonly mid?: string | undefined;
  /** Undefined: this line is no audio that we can use. */
  readonly audio: PhoneAudio | undefined;
}

export interface PhoneDescription {
  readonly lines: readonly PhoneMediaLine[];
}

/** Why a phone's SDP cannot be used, beyond {@link SdpFault}. */
export type PhoneSdpFault = SdpFault | 'bad-media-line' | 'too-many-formats';

/** Payload types of one line that are looked at. */
const MAX_FORMATS = 32;
const MID = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}$/;
/** Stands for the place that ICE finds. */
const BY_ICE = '0.0.0.0';

/** Reads a phone's offer or answer. Hostile input is a fault, never an exception. */
export function readPhoneSdp(text: string): Result<PhoneDescription, PhoneSdpFault> {
  const plain = readPlainSdp(text);
  if (plain !== undefined) return describe(plain);
  // sdp-transform does not know the port count of `m=audio 5004/2 RTP/AVP 0` and would lose the line.
  const readable = text
    .replace(/^(m=\S{1,32} \d{1,5})\/\d{1,5} /gm, '$1 ')
    .replace(SESSION_PARAMETERS, joinParameters);
  const parsed = parseSdp(readable, PHONE_SDP_LIMITS);
  return parsed.ok ? describe(parsed.value) : parsed;
}

/** Nor does it know of more than one session parameter of `a=crypto`, and one that is not seen may be one that matters. */
const SESSION_PARAMETERS = /^(a=crypto:\d{1,9} \w{1,64} \S{1,256} )([^\r\n]{1,256})/gm;

function joinParameters(_whole: string, head: string, parameters: string): string {
  return head + parameters.trim().replace(/ +/g, ',');
}

/** What a phone's description comes to, whichever reader has read it. */
export function describe(session: SessionFacts): Result<PhoneDescription, PhoneSdpFault> {
  const lines: PhoneMediaLine[] = [];
  for (const media of session.media) {
    const line = readLine(session, media);
    if (!line.ok) return line;
    lines.push(line.value);
  }
  return lines.length === 0 ? fail('not-sdp') : ok({ lines });
}

function readLine(session: SessionFacts, media: MediaDescription): Result<PhoneMediaLine, PhoneSdpFault> {
  const type = text(media.type);
  const protocol = text(media.protocol);
  const formats = text(media.payloads).trim();
  if (type === '' || protocol === '' || !/^[!-~]+( +[!-~]+)*$/.test(formats)) return fail('bad-media-line');
  const payloadTypes = formats.split(/ +/);
  // A browser's video has more; it is refused anyway.
  if (type === 'audio' && payloadTypes.length > MAX_FORMATS) return fail('too-many-formats');
  const mid = text(media.mid);
  const audio = readAudio(session, media, payloadTypes);
  return ok({ type, protocol, formats, mid: MID.test(mid) ? mid : undefined, audio });
}

function readAudio(
  session: SessionFacts,
  media: MediaDescription,
  payloadTypes: string[],
): PhoneAudio | undefined {
  const secured = media.protocol === 'RTP/SAVP' || media.protocol === 'RTP/SAVPF';
  const isRtp = media.protocol === 'RTP/AVP' || media.protocol === 'RTP/AVPF';
  const association = readAssociation(session, media);
  const dtls = association === undefined ? readDtls(session, media) : undefined;
  const isUsable = isRtp || secured || association !== undefined || dtls !== undefined;
  if (media.type !== 'audio' || !isUsable || !isPort(media.port)) return undefined;
  const behindIce = association !== undefined;
  const address = behindIce ? BY_ICE : literalAddress((media.connection ?? session.connection)?.ip);
  if (address === undefined) return undefined;
  const { formats, events, noises } = readFormats(media, payloadTypes);
  const rtcpPort = isPort(media.rtcp?.port) ? media.rtcp.port : media.port + 1;
  const direction = media.direction ?? session.direction ?? 'sendrecv';
  return {
    address,
    port: media.port,
    rtcpPort: rtcpPort > 65_535 ? media.port : rtcpPort,
    rtcpMux: media.rtcpMux !== undefined,
    formats,
    events,
    noises,
    ptimeMs: milliseconds(media.ptime),
    maxPtimeMs: milliseconds(media.maxptime),
    direction: isNull(address) && !behindIce ? deaf(direction) : direction,
    association,
    secured: secured || (dtls !== undefined && !isRtp),
    dtls,
    crypto: association === undefined ? readCrypto(media.crypto) : [],
  };
}

/** The formats of a line, and what goes beside a codec. */
function readFormats(
  media: MediaDescription,
  payloadTypes: readonly string[],
): Pick<PhoneAudio, 'formats' | 'events' | 'noises'> {
  const formats: AudioFormat[] = [];
  const events: AudioFormat[] = [];
  const noises: AudioFormat[] = [];
  for (const payloadType of payloadTypes) {
    const format = readFormat(media, payloadType);
    if (format === undefined) continue;
    const { mime } = format;
    if (mime === 'audio/telephone-event') events.push(format);
    else if (mime === 'audio/cn') noises.push(format);
    else formats.push(format);
  }
  return { formats, events, noises };
}

/** All that DTLS-SRTP behind ICE asks of a line, RTCP on the same way among it. */
function readAssociation(session: SessionFacts, media: MediaDescription): OfferedAssociation | undefined {
  if (media.protocol !== 'UDP/TLS/RTP/SAVPF' && media.protocol !== 'UDP/TLS/RTP/SAVP') return undefined;
  const ice = readIce(media.iceUfrag === undefined ? session : media);
  const fingerprints = readFingerprints(media.fingerprint === undefined ? session : media);
  const setup = readSetup(media.setup === undefined ? session : media);
  if (ice === undefined || fingerprints === undefined) return undefined;
  return media.rtcpMux === undefined ? undefined : { ice, fingerprints, setup };
}

/** DTLS on the RTP port, RTCP beside RTP (RFC 5763 section 5). Some name it RTP/SAVP all the same. */
function readDtls(session: SessionFacts, media: MediaDescription): DtlsEnd | undefined {
  if (!/^(UDP\/TLS\/)?RTP\/SAVPF?$/.test(text(media.protocol)) || media.rtcpMux === undefined)
    return undefined;
  const fingerprints = readFingerprints(media.fingerprint === undefined ? session : media);
  const setup = readSetup(media.setup === undefined ? session : media);
  const tlsId = readTlsId(media.invalid) ?? readTlsId(session.invalid);
  return fingerprints && { fingerprints, tlsId, setup };
}

function readFormat(media: MediaDescription, text: string): AudioFormat | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const payloadType = Number(text);
  if (payloadType > 127) return undefined;
  const fmtp = String(media.fmtp.find(({ payload }) => payload === payloadType)?.config ?? '');
  const map = media.rtp.find(({ payload }) => payload === payloadType);
  if (map === undefined) {
    const known = STATIC_FORMATS.get(payloadType);
    return known && { mime: mimeOf(known.name), clockRate: known.clockRate, channels: 1, payloadType, fmtp };
  }
  const channels = map.encoding === undefined ? 1 : Number(map.encoding);
  if (!Number.isInteger(map.rate) || !Number.isInteger(channels)) return undefined;
  return { mime: mimeOf(String(map.codec)), clockRate: map.rate!, channels, payloadType, fmtp };
}

/** The same direction for a phone that hears nothing: old-style hold. */
function deaf(direction: Direction): Direction {
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive';
}

/** What the other end has when one end has `direction` (RFC 3264 section 6.1). */
export function mirrored(direction: Direction): Direction {
  switch (direction) {
    case 'sendonly':
      return 'recvonly';
    case 'recvonly':
      return 'sendonly';
    default:
      return direction;
  }
}

/** What both directions let through. */
export function narrower(a: Direction, b: Direction): Direction {
  if (sends(a) && sends(b)) return receives(a) && receives(b) ? 'sendrecv' : 'sendonly';
  return receives(a) && receives(b) ? 'recvonly' : 'inactive';
}

function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/** The address of a c= line without TTL and count; a name is nothing that we resolve. */
function literalAddress(ip: unknown): string | undefined {
  const address = text(ip).split('/')[0] ?? '';
  const isV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.test(address);
  return isV4 || /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(address) ? address : undefined;
}

function isNull(address: string): boolean {
  return /^[0:.]+$/.test(address);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 65_535;
}

function milliseconds(value: unknown): number | undefined {
  const ms = Math.round(Number(value));
  return value !== undefined && ms > 0 && ms <= 1000 ? ms : undefined;
}

/** sdp-transform makes numbers of what looks like one. */
function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
