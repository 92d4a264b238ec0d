import type { BrowserDescription, BrowserMedia } from './browser.ts';
import { type CodecLine, extensionUris, type Feedback, type HeaderExtensions } from './browser-codecs.ts';
import { candidateLines, type HostCandidate } from './candidates.ts';
import { type Simulcast, writeSimulcast } from './simulcast.ts';

/** What we do with one m-line. */
export type SectionContent =
  /** Port 0: never used again (RFC 3264 section 6). */
  | { readonly type: 'reject' }
  /** Alive, nothing flows: a later negotiation may use it. */
  | { readonly type: 'idle'; readonly codecs: readonly CodecLine[]; readonly extensions: HeaderExtensions }
  /** The browser sends, we receive. */
  | {
      readonly type: 'receive';
      readonly codecs: readonly CodecLine[];
      readonly extensions: HeaderExtensions;
      readonly simulcast?: Simulcast | undefined;
    }
  /** We send `track` of `stream` with `ssrc`; 0: with several in turn, known by their MID (RFC 9143 section 9.2). */
  | {
      readonly type: 'send';
      readonly codecs: readonly CodecLine[];
      readonly extensions: HeaderExtensions;
      readonly stream: string;
      readonly track: string;
      readonly ssrc: number;
      /** Of retransmissions (RFC 4588). */
      readonly rtxSsrc?: number;
      readonly cname: string;
    }
  /** SCTP data channels (RFC 8841). */
  | { readonly type: 'data' };

/** One m-line of a description of ours. */
export interface Section {
  readonly type: string;
  readonly protocol: string;
  readonly mid: string;
  readonly content: SectionContent;
}

/** Our end of the transport that all m-lines share. `version` counts descriptions of this session up from 1. */
export interface LocalTransport {
  readonly sessionId: string;
  readonly version: number;
  readonly ice: { readonly ufrag: string; readonly pwd: string };
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
  readonly candidates: readonly HostCandidate[];
}

/** Largest message that our SCTP takes (RFC 8841 section 6), bytes. */
const MAX_MESSAGE_SIZE = 65_536;

/** The m-lines of an answer: those of the offer in its order (RFC 3264 section 6), each with what `decide` says. */
export function answerSections(
  offer: BrowserDescription,
  decide: (media: BrowserMedia) => SectionContent,
): Section[] {
  return offer.media.map((media) => ({
    type: media.type,
    protocol: media.protocol,
    mid: media.mid,
    content: media.rejected || media.kind === 'other' ? { type: 'reject' } : orReject(decide(media)),
  }));
}

/** An m-line without a single format cannot be written, nor used. */
function orReject(content: SectionContent): SectionContent {
  return 'codecs' in content && content.codecs.length === 0 ? { type: 'reject' } : content;
}

/**
 * Writes an answer (`passive`, or `active` to who is that) or an offer (`actpass`: with ICE-lite a browser answers `active`) as an ICE-lite agent
 * (RFC 8839 section 5.3) with its whole candidate list in the first live m-line, which is the BUNDLE-tagged one.
 */
export function writeBrowserSdp(
  setup: 'active' | 'passive' | 'actpass',
  sections: readonly Section[],
  local: LocalTransport,
): string {
  const live = sections.filter(({ content }) => content.type !== 'reject');
  const lines = ['v=0', `o=- ${local.sessionId} ${local.version} IN IP4 127.0.0.1`, 's=-', 't=0 0'];
  if (live.length > 0) lines.push(`a=group:BUNDLE ${live.map(({ mid }) => mid).join(' ')}`);
  lines.push('a=ice-lite', 'a=msid-semantic: WMS *');
  for (const section of sections) writeSection(lines, setup, section, local, section === live[0]);
  return `${lines.join('\r\n')}\r\n`;
}

function writeSection(
  lines: string[],
  setup: string,
  section: Section,
  local: LocalTransport,
  tagged: boolean,
): void {
  const { content, mid, protocol, type } = section;
  if (content.type === 'reject') {
    const format = type === 'application' ? 'webrtc-datachannel' : '0';
    lines.push(`m=${type} 0 ${protocol} ${format}`, 'c=IN IP4 0.0.0.0', 'a=inactive', `a=mid:${mid}`);
    return;
  }
  const formats =
    content.type === 'data'
      ? 'webrtc-datachannel'
      : content.codecs
          .flatMap(({ payloadType, rtx }) => (rtx === undefined ? [payloadType] : [payloadType, rtx]))
          .join(' ');
  lines.push(`m=${type} 9 ${protocol} ${formats}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`);
  lines.push(`a=ice-ufrag:${local.ice.ufrag}`, `a=ice-pwd:${local.ice.pwd}`);
  lines.push(`a=fingerprint:${local.fingerprint.algorithm} ${local.fingerprint.value}`, `a=setup:${setup}`);
  if (tagged) lines.push(...candidateLines(local.candidates));
  if (content.type === 'data') {
    lines.push('a=sctp-port:5000', `a=max-message-size:${MAX_MESSAGE_SIZE}`);
    return;
  }
  lines.push('a=rtcp:9 IN IP4 0.0.0.0', 'a=rtcp-mux', 'a=rtcp-rsize', `a=${directions[content.type]}`);
  writeExtensions(lines, content.extensions);
  for (const codec of content.codecs) writeCodec(lines, codec, content.extensions);
  if (content.type === 'receive' && content.simulcast !== undefined) writeSimulcast(lines, content.simulcast);
  if (content.type === 'send') {
    lines.push(`a=msid:${content.stream} ${content.track}`);
    if (content.ssrc === 0) return;
    const repaired = content.rtxSsrc !== undefined && content.codecs.some(({ rtx }) => rtx !== undefined);
    if (repaired) lines.push(`a=ssrc-group:FID ${content.ssrc} ${content.rtxSsrc}`);
    for (const ssrc of repaired ? [content.ssrc, content.rtxSsrc] : [content.ssrc]) {
      lines.push(`a=ssrc:${ssrc} cname:${content.cname}`);
      lines.push(`a=ssrc:${ssrc} msid:${content.stream} ${content.track}`);
    }
  }
}

const directions = { idle: 'inactive', receive: 'recvonly', send: 'sendonly' } as const;

const EXTENSIONS = [
  'mid',
  'audioLevel',
  'absSendTime',
  'transportCc',
  'rid',
  'repairedRid',
  'dependencyDescriptor',
  'playoutDelay',
] as const;

function writeExtensions(lines: string[], extensions: HeaderExtensions): void {
  // RFC 8285 section 6: then a packet may have the two-byte form where an element needs it.
  if (extensions.dependencyDescriptor !== undefined) lines.push('a=extmap-allow-mixed');
  for (const name of EXTENSIONS) {
    if ((extensions[name] ?? 0) !== 0) lines.push(`a=extmap:${extensions[name]} ${extensionUris[name]}`);
  }
}

const PICTURE_FEEDBACK: readonly Feedback[] = ['nack', 'nack pli', 'ccm fir'];

function writeCodec(lines: string[], codec: CodecLine, { transportCc }: HeaderExtensions): void {
  const { channels, clockRate, feedback, fmtp, mime, payloadType, rtx } = codec;
  const name = mime.slice(mime.indexOf('/') + 1);
  const spelled = name === 'opus' || name === 'red' ? name : name.toUpperCase();
  lines.push(`a=rtpmap:${payloadType} ${spelled}/${clockRate}${channels > 1 ? `/${channels}` : ''}`);
  const kinds = mime.startsWith('video/') ? PICTURE_FEEDBACK : [];
  // An answer has none that the offer had not (RFC 4585 section 4.2).
  for (const kind of transportCc === 0 ? kinds : [...kinds, 'transport-cc' as const])
    if (feedback?.includes(kind) ?? true) lines.push(`a=rtcp-fb:${payloadType} ${kind}`);
  if (fmtp !== '') lines.push(`a=fmtp:${payloadType} ${fmtp}`);
  if (rtx !== undefined) lines.push(`a=rtpmap:${rtx} rtx/${clockRate}`, `a=fmtp:${rtx} apt=${payloadType}`);
}
