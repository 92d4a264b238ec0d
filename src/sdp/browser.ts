import { fail, ok, type Result } from '../base/result.ts';
import { type Association, readFingerprints, readIce, readSetup, type Setup } from './association.ts';
import {
  type CodecLine,
  type HeaderExtensions,
  type OptionalExtension,
  readCodecs,
  readExtensions,
} from './browser-codecs.ts';
import { BROWSER_SDP_LIMITS, type MediaDescription, parseSdp, type SdpFault } from './parse.ts';
import { readSimulcast, type Simulcast } from './simulcast.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What a browser says of one m-line, checked: every text of it may be written into our own description. */
export interface BrowserMedia {
  readonly kind: 'audio' | 'video' | 'application' | 'other';
  /** The media type as written, for refusing what we do not know. */
  readonly type: string;
  readonly protocol: string;
  readonly mid: string;
  /** Port 0 without `a=bundle-only`: the m-line is dead (RFC 9429 section 5.2.2). */
  readonly rejected: boolean;
  /** The browser's own view: `sendonly` is a track it publishes. */
  readonly direction: Direction;
  readonly codecs: readonly CodecLine[];
  readonly extensions: HeaderExtensions;
  /** `a=msid` of the track that the browser sends: its stream, and the client id that AddTrackRequest has. */
  readonly stream: string;
  readonly track: string;
  /** SSRCs of the browser's own packets, without repair flows. */
  readonly ssrcs: readonly number[];
  /** Several sizes of the track at once. */
  readonly simulcast: Simulcast | undefined;
}

/** A browser's offer or answer as plain data. */
export interface BrowserDescription extends Association {
  readonly setup: Setup;
  readonly media: readonly BrowserMedia[];
}

/** Why a browser's description was refused. */
export type BrowserSdpFault = SdpFault | 'no-media' | 'bad-mid' | 'not-bundled' | 'no-ice' | 'no-fingerprint';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}$/;
const MSID = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,128}$/;
const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/**
 * Reads a browser's description (RFC 9429). All live m-lines must share one transport (BUNDLE, RFC 9143), which every
 * client of LiveKit does.
 */
export function readBrowserSdp(
  text: string,
  optional?: readonly OptionalExtension[],
): Result<BrowserDescription, BrowserSdpFault> {
  const parsed = parseSdp(text, BROWSER_SDP_LIMITS);
  if (!parsed.ok) return parsed;
  const session = parsed.value;
  if (session.media.length === 0) return fail('no-media');
  const media: BrowserMedia[] = [];
  const mids = new Set<string>();
  for (const section of session.media) {
    const read = readMedia(section, session.direction, optional);
    if (read === undefined || mids.has(read.mid)) return fail('bad-mid');
    mids.add(read.mid);
    media.push(read);
  }
  const live = session.media.filter((_, index) => !media[index]!.rejected);
  const bundles = (session.groups ?? []).filter((group) => group.type === 'BUNDLE');
  const bundled = new Set(bundles.length === 1 ? String(bundles[0]!.mids).split(' ') : []);
  const alive = media.filter(({ rejected }) => !rejected);
  if (alive.length > 1 && !alive.every(({ mid }) => bundled.has(mid))) return fail('not-bundled');

  // The transport's attributes stand in the tagged m-line or at session level (RFC 9143 section 7.1.3).
  const bearer = live.find((section) => section.iceUfrag !== undefined) ?? session;
  const ice = readIce(bearer);
  if (ice === undefined) return fail('no-ice');
  const certified = live.find((section) => section.fingerprint !== undefined) ?? session;
  const fingerprints = readFingerprints(certified);
  if (fingerprints === undefined) return fail('no-fingerprint');
  // Who says nothing that is known takes either role.
  const setup = readSetup(live.find((section) => section.setup !== undefined) ?? session) ?? 'actpass';
  return ok({ ice, fingerprints, setup, media });
}

function readMedia(
  section: MediaDescription,
  fallback: string | undefined,
  optional: readonly OptionalExtension[] | undefined,
): BrowserMedia | undefined {
  const mid = String(section.mid ?? '');
  // An m= line that the grammar did not match leaves a section without its first fields.
  if (!TOKEN.test(mid) || typeof section.type !== 'string' || !TOKEN.test(section.type)) return undefined;
  const { type } = section;
  const protocol = String(section.protocol);
  const direction = section.direction ?? fallback ?? 'sendrecv';
  const known = type === 'audio' || type === 'video' || type === 'application';
  const [stream = '', track = ''] = readMsid(section);
  return {
    kind: known && isWebRtc(type, protocol) ? type : 'other',
    type,
    protocol: /^[A-Za-z0-9/]{1,32}$/.test(protocol) ? protocol : 'UDP/TLS/RTP/SAVPF',
    mid,
    rejected: section.port === 0 && section.bundleOnly === undefined,
    direction: DIRECTIONS.includes(direction) ? (direction as Direction) : 'sendrecv',
    codecs: readCodecs(section),
    extensions: readExtensions(section, optional),
    stream,
    track,
    ssrcs: readSsrcs(section),
    simulcast: readSimulcast(section),
  };
}

function isWebRtc(type: string, protocol: string): boolean {
  return type === 'application' ? /^(UDP|TCP)\/DTLS\/SCTP$/.test(protocol) : protocol.endsWith('RTP/SAVPF');
}

function readMsid(section: MediaDescription): string[] {
  const first = section.msid?.[0];
  const stream = String(first?.id ?? '');
  const track = String(first?.appdata ?? '');
  return MSID.test(stream) && MSID.test(track) ? [stream, track] : [];
}

/** SSRCs in order, without those that only repair another (FID and FEC groups name them second). */
function readSsrcs(section: MediaDescription): number[] {
  const repairs = new Set<number>();
  for (const group of section.ssrcGroups ?? []) {
    if (group.semantics === 'SIM') continue;
    for (const repair of String(group.ssrcs).split(' ').slice(1)) repairs.add(Number(repair));
  }
  const ssrcs = new Set<number>();
  for (const { id } of section.ssrcs ?? []) {
    const ssrc = Number(id);
    if (Number.isInteger(ssrc) && ssrc > 0 && ssrc <= 0xffffffff && !repairs.has(ssrc)) ssrcs.add(ssrc);
    if (ssrcs.size === 8) break;
  }
  return [...ssrcs];
}
