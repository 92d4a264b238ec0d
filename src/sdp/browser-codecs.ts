import type { MediaDescription } from './parse.ts';

/** A codec of an m-line; `mime` in lower case, `audio/opus`. `fmtp` is the parameter text or empty. */
export interface CodecLine {
  readonly mime: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly payloadType: number;
  readonly fmtp: string;
  /** Payload type of its retransmissions (RFC 4588), if there are any. */
  readonly rtx?: number | undefined;
  /** What the far end takes of feedback, of the kinds that we know; undefined: it has said nothing yet, for the offer is ours. */
  readonly feedback?: readonly Feedback[] | undefined;
}

/** Feedback by RTCP, as `a=rtcp-fb` names it (RFC 4585 section 4.2, RFC 5104 section 7.1). */
export type Feedback = (typeof FEEDBACK)[number];
const FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'transport-cc'] as const;

/** RTP header extension ids (RFC 8285) of an m-line; 0 = not there. */
export interface HeaderExtensions {
  readonly mid: number;
  readonly audioLevel: number;
  readonly absSendTime: number;
  readonly transportCc: number;
  /**
   * RtpStreamId and RepairedRtpStreamId (RFC 8852), when offered. They are agreed to on every m-line that has them:
   * Chromium gives a new m-line only those that older ones of its kind have, and then fails to offer simulcast.
   */
  readonly rid?: number;
  readonly repairedRid?: number;
  /** AV1's Dependency Descriptor, without which Chromium does not decode AV1. It does not fit the one-byte form at key frames. */
  readonly dependencyDescriptor?: number;
  /** How long a video is held back; looked for where a room asks for it. */
  readonly playoutDelay?: number;
}

/** Header extensions that are looked for only when asked to. */
export type OptionalExtension = 'playoutDelay';

export const extensionUris = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  dependencyDescriptor:
    'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
} as const;

/** Static payload types that need no rtpmap (RFC 3551 section 6). */
const STATIC: Readonly<Record<number, readonly [string, number]>> = {
  0: ['pcmu', 8000],
  8: ['pcma', 8000],
  9: ['g722', 8000],
};

/**
 * Codecs of an m-line in the sender's order of preference, at most 64, each with its retransmissions. Those with odd
 * numbers or names are left out.
 */
export function readCodecs(section: MediaDescription): CodecLine[] {
  const codecs: CodecLine[] = [];
  const repairs = new Map<number, number>();
  const order = String(section.payloads ?? '')
    .split(' ')
    .slice(0, 64)
    .map(Number);
  for (const payloadType of new Set(order)) {
    if (!Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127) continue;
    const map = section.rtp.find(({ payload }) => payload === payloadType);
    const name = String(map?.codec ?? STATIC[payloadType]?.[0] ?? '').toLowerCase();
    const clockRate = Number(map?.rate ?? STATIC[payloadType]?.[1] ?? 0);
    const channels = Number(map?.encoding ?? 1);
    if (!/^[a-z0-9._-]{1,32}$/.test(name) || !(clockRate > 0 && clockRate <= 1_000_000)) continue;
    if (!(channels >= 1 && channels <= 8)) continue;
    const config = String(section.fmtp.find(({ payload }) => payload === payloadType)?.config ?? '');
    const fmtp = /^[\x20-\x7e]{0,512}$/.test(config) ? config : '';
    // RFC 4588 section 8.1: `apt` names the format that is repaired.
    const repaired = name === 'rtx' ? /(?:^|;)\s*apt=(\d{1,3})\s*(?:;|$)/i.exec(fmtp)?.[1] : undefined;
    if (repaired !== undefined) repairs.set(Number(repaired), payloadType);
    const feedback = readFeedback(section, payloadType);
    codecs.push({ mime: `${section.type}/${name}`, clockRate, channels, payloadType, fmtp, feedback });
  }
  return codecs.map((codec) => {
    const rtx = repairs.get(codec.payloadType);
    return rtx === undefined ? codec : { ...codec, rtx };
  });
}

/** `*` is said of all payload types (RFC 4585 section 4.2). */
function readFeedback(section: MediaDescription, payloadType: number): Feedback[] {
  const said = new Set<string>();
  for (const { payload, subtype, type } of section.rtcpFb ?? [])
    if (String(payload) === '*' || Number(payload) === payloadType)
      said.add(subtype === undefined ? type : `${type} ${subtype}`);
  return FEEDBACK.filter((kind) => said.has(kind));
}

/** The header extensions that we know, with the ids 1 … 14 of the one-byte form (RFC 8285 section 4.2). */
export function readExtensions(
  section: MediaDescription,
  optional: readonly OptionalExtension[] = [],
): HeaderExtensions {
  const id = (uri: string): number => {
    const value = Number(section.ext?.find((extension) => extension.uri === uri)?.value ?? 0);
    return Number.isInteger(value) && value >= 1 && value <= 14 ? value : 0;
  };
  const rid = id(extensionUris.rid);
  const repairedRid = id(extensionUris.repairedRid);
  const dependencyDescriptor = id(extensionUris.dependencyDescriptor);
  const playoutDelay = optional.includes('playoutDelay') ? id(extensionUris.playoutDelay) : 0;
  return {
    mid: id(extensionUris.mid),
    audioLevel: id(extensionUris.audioLevel),
    absSendTime: id(extensionUris.absSendTime),
    transportCc: id(extensionUris.transportCc),
    ...(rid !== 0 && { rid }),
    ...(repairedRid !== 0 && { repairedRid }),
    ...(dependencyDescriptor !== 0 && { dependencyDescriptor }),
    ...(playoutDelay !== 0 && { playoutDelay }),
  };
}

/** What a publisher wishes for its track (AddTrackRequest). `codec`: the one that it names, `vp8`, or empty. */
export interface PublishWish {
  readonly codec: string;
  readonly dtx: boolean;
  readonly stereo: boolean;
  /** Opus says each packet once more in the next (RFC 2198), where both ends can. */
  readonly red?: boolean;
}

const NO_WISH: PublishWish = { codec: '', dtx: false, stereo: false };

const AUDIO = ['audio/opus', 'audio/g722', 'audio/pcmu', 'audio/pcma'];
/** Video that is forwarded; what a browser is asked for when it wishes none of them is the first. */
export const VIDEO = ['video/vp8', 'video/h264', 'video/vp9', 'video/av1'];

/** Opus, each packet of which has the one before besides (RFC 2198). */
export const RED = 'audio/red';

/**
 * The codecs in which a browser shall send a track: {@link publishCodec}'s, and before it RED of it when that is wished for, so
 * that browsers prefer it. Empty when it offers none that we forward.
 */
export function publishCodecs(offered: readonly CodecLine[], wish: PublishWish): CodecLine[] {
  const codec = publishCodec(offered, wish);
  if (codec === undefined) return [];
  const red = wish.red === true ? redOf(codec, offered) : undefined;
  return red === undefined ? [codec] : [red, codec];
}

/** The RED whose every block is of `codec`: RFC 2198 section 5, `111/111`. */
function redOf({ clockRate, payloadType }: CodecLine, offered: readonly CodecLine[]): CodecLine | undefined {
  return offered.find(
    (other) =>
      other.mime === RED &&
      other.clockRate === clockRate &&
      /^\d+(\/\d+)+$/.test(other.fmtp) &&
      other.fmtp.split('/').every((type) => Number(type) === payloadType),
  );
}

/**
 * The one codec in which a browser shall send a track, or undefined when it offers none that we forward. One alone, so
 * that every subscriber knows what will come; FEC is never taken, retransmissions go with it.
 */
export function publishCodec(offered: readonly CodecLine[], wish: PublishWish): CodecLine | undefined {
  const wished = [...AUDIO, ...VIDEO].filter((mime) => mime.endsWith(`/${wish.codec}`));
  for (const mime of [...wished, ...AUDIO, ...VIDEO]) {
    const found = offered.find((codec) => codec.mime === mime && isPublishable(codec));
    if (found !== undefined) return { ...found, fmtp: answeredFmtp(found, wish) };
  }
  return undefined;
}

/**
 * Of the codecs that a browser can take on an m-line, those in which `track` comes. The payload types are the
 * browser's (RFC 3264 section 6.1).
 */
export function carryCodecs(track: readonly CodecLine[], offered: readonly CodecLine[]): CodecLine[] {
  const found: CodecLine[] = [];
  for (const codec of track) {
    if (codec.mime === RED) continue;
    const match = offered.find((other) => sameFormat(codec, other));
    if (match !== undefined) found.push({ ...match, fmtp: answeredFmtp(match, NO_WISH) });
  }
  const opus = found.find(({ mime }) => mime === 'audio/opus');
  const red = opus !== undefined && track.some(({ mime }) => mime === RED) ? redOf(opus, offered) : undefined;
  return red === undefined ? found : [red, ...found];
}

/** A codec to name in an m-line on which nothing flows: an answer must have one of the offer's. */
export function idleCodecs(offered: readonly CodecLine[]): CodecLine[] {
  const idle = offered.find(({ mime }) => AUDIO.includes(mime) || VIDEO.includes(mime)) ?? offered[0];
  return idle === undefined ? [] : [{ ...idle, fmtp: answeredFmtp(idle, NO_WISH) }];
}

/** A parameter of an fmtp text, in lower case, or the default that the payload format gives it. */
function parameter({ fmtp }: CodecLine, name: string, fallback: string): string {
  for (const entry of fmtp.split(';')) {
    const [key, value] = entry.trim().split('=');
    if (key?.toLowerCase() === name && value !== undefined) return value.toLowerCase();
  }
  return fallback;
}

function isPublishable(codec: CodecLine): boolean {
  if (codec.mime === 'video/h264') {
    return (
      parameter(codec, 'packetization-mode', '0') === '1' &&
      parameter(codec, 'profile-level-id', '42').startsWith('42')
    );
  }
  // "RTP Payload Format For AV1" section 7.2.1: 0 is Main.
  if (codec.mime === 'video/av1') return parameter(codec, 'profile', '0') === '0';
  return codec.mime !== 'video/vp9' || parameter(codec, 'profile-id', '0') === '0';
}

/** Same format on both ends, so that a payload can go over unchanged: RFC 6184 section 8.2.2, RFC 9628 section 6. */
function sameFormat(a: CodecLine, b: CodecLine): boolean {
  if (a.mime !== b.mime || a.clockRate !== b.clockRate || a.channels !== b.channels) return false;
  if (a.mime === 'video/vp9') return parameter(a, 'profile-id', '0') === parameter(b, 'profile-id', '0');
  if (a.mime === 'video/av1') return parameter(a, 'profile', '0') === parameter(b, 'profile', '0');
  if (a.mime !== 'video/h264') return true;
  const profile = (codec: CodecLine): string => parameter(codec, 'profile-level-id', '42000a').slice(0, 2);
  const mode = (codec: CodecLine): string => parameter(codec, 'packetization-mode', '0');
  return profile(a) === profile(b) && mode(a) === mode(b);
}

function answeredFmtp(codec: CodecLine, { dtx, stereo }: PublishWish): string {
  if (codec.mime === RED) return codec.fmtp;
  if (codec.mime !== 'audio/opus') return codec.mime.startsWith('video/') ? codec.fmtp : '';
  // RFC 7587 section 7: these are wishes for what we are sent.
  return `minptime=10;useinbandfec=1${stereo ? ';stereo=1' : ''}${dtx ? ';usedtx=1' : ''}`;
}
