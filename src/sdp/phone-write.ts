import { candidateLines, type HostCandidate } from './candidates.ts';
import { type CryptoLine, writeCrypto } from './crypto.ts';
import type { PacketTimes } from './packet-times.ts';
import { type AudioFormat, rtpMap, wishes } from './phone-codec.ts';
import type { Direction, PhoneMediaLine } from './phone-description.ts';

/** Our end of the session. `sessionId` stays for the whole call; `version` grows with each change of the text. */
export interface LocalSession {
  /** The announced address of our RTP. */
  readonly address: string;
  readonly port: number;
  readonly sessionId: number;
  readonly version: number;
  /** Of the certificate that our DTLS has. */
  readonly fingerprint?: LocalAssociation['fingerprint'] | undefined;
  /** Towards a web phone. */
  readonly association?: LocalAssociation | undefined;
  /** What is asked for in every line of ours, whatever was agreed on. */
  readonly packetTimes?: PacketTimes | undefined;
}

/** Our end of a web phone's ICE and DTLS. */
export interface LocalAssociation {
  readonly ice: { readonly ufrag: string; readonly pwd: string };
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
  /** Where we listen, the preferred address first. */
  readonly candidates: readonly HostCandidate[];
}

/** A payload type of telephone-event, at a clock of the line's codecs. */
export interface LocalEvent {
  readonly payloadType: number;
  readonly clockRate: number;
}

/** An audio line of ours. */
export interface LocalAudio {
  readonly protocol: string;
  readonly formats: readonly AudioFormat[];
  readonly events: readonly LocalEvent[];
  /** Payload type of comfort noise. */
  readonly noise: number | undefined;
  readonly ptimeMs: number;
  readonly direction: Direction;
  /** `0` when nobody has said. */
  readonly mid: string | undefined;
  /** Who opens DTLS (RFC 5763 section 5): `actpass` in an offer. */
  readonly setup: 'active' | 'passive' | 'actpass';
  /** RTCP comes to our RTP port; behind ICE it always does. */
  readonly rtcpMux?: boolean;
  /** SRTP's keys come by DTLS on this line's port; our `a=tls-id`, where there is one. */
  readonly dtls?: { readonly tlsId?: string | undefined } | undefined;
  /** Keys of SRTP: in an answer the one that was chosen. */
  readonly crypto?: readonly CryptoLine[] | undefined;
}

/** The text of our description; `lines` in the order of the session's m-lines, a foreign one stands refused. */
export function writePhoneSdp(local: LocalSession, lines: readonly (LocalAudio | PhoneMediaLine)[]): string {
  const { address, sessionId, version, association } = local;
  const family = address.includes(':') ? 'IP6' : 'IP4';
  let text = `v=0\r\no=- ${sessionId} ${version} IN ${family} ${address}\r\ns=-\r\nc=IN ${family} ${address}\r\nt=0 0\r\n`;
  if (association !== undefined) text += sessionLines(lines);
  for (const line of lines) text += 'ptimeMs' in line ? audioLines(local, line) : refusedLine(local, line);
  return text;
}

/** RFC 3264 section 6: a stream is refused with port 0; the line itself stays in its place. */
function refusedLine(
  { association }: LocalSession,
  { type, protocol, formats, mid }: PhoneMediaLine,
): string {
  const line = `m=${type} 0 ${protocol} ${formats}\r\n`;
  return mid !== undefined && association !== undefined ? `${line}a=mid:${mid}\r\n` : line;
}

/** RFC 9143: what lives shares one transport. RFC 8839 section 5.3: we check nothing, and answer who checks. */
function sessionLines(lines: readonly (LocalAudio | PhoneMediaLine)[]): string {
  const live = lines.flatMap((line) => ('ptimeMs' in line ? [midOf(line)] : []));
  return `a=group:BUNDLE ${live.join(' ')}\r\na=ice-lite\r\n`;
}

function midOf({ mid = '0' }: LocalAudio): string {
  return mid;
}

function audioLines(local: LocalSession, audio: LocalAudio): string {
  const { formats, events, noise, ptimeMs, direction, crypto, rtcpMux } = audio;
  const { packetTimes, association } = local;
  let text = `m=audio ${local.port} ${audio.protocol}`;
  for (const { payloadType } of formats) text += ` ${payloadType}`;
  if (noise !== undefined) text += ` ${noise}`;
  for (const { payloadType } of events) text += ` ${payloadType}`;
  text += '\r\n';
  for (const format of formats) text += formatLines(format);
  if (noise !== undefined) text += `a=rtpmap:${noise} CN/8000\r\n`;
  // RFC 4733 section 2.4.1: the events of a keypad.
  for (const { payloadType, clockRate } of events)
    text += `a=rtpmap:${payloadType} telephone-event/${clockRate}\r\na=fmtp:${payloadType} 0-15\r\n`;
  text += `${packetTimeLines(packetTimes, ptimeMs)}a=${direction}\r\n`;
  for (const line of crypto ?? []) text += `${writeCrypto(line)}\r\n`;
  if (association !== undefined) return text + associationLines(association, audio);
  if (rtcpMux === true) text += 'a=rtcp-mux\r\n';
  return text + dtlsLines(local, audio);
}

function packetTimeLines({ ptimeMs, maxPtimeMs }: PacketTimes = {}, agreedMs: number): string {
  const ptime = `a=ptime:${ptimeMs ?? Math.min(agreedMs, maxPtimeMs ?? agreedMs)}\r\n`;
  return maxPtimeMs === undefined ? ptime : `${ptime}a=maxptime:${maxPtimeMs}\r\n`;
}

function dtlsLines({ fingerprint }: LocalSession, { dtls, setup }: LocalAudio): string {
  if (dtls === undefined || fingerprint === undefined) return '';
  const id = dtls.tlsId === undefined ? '' : `a=tls-id:${dtls.tlsId}\r\n`;
  return `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}\r\na=setup:${setup}\r\n${id}`;
}

function formatLines(format: AudioFormat): string {
  const wish = wishes(format);
  const map = `a=rtpmap:${format.payloadType} ${rtpMap(format)}\r\n`;
  return wish === '' ? map : `${map}a=fmtp:${format.payloadType} ${wish}\r\n`;
}

function associationLines({ ice, fingerprint, candidates }: LocalAssociation, audio: LocalAudio): string {
  const lines = [
    `a=mid:${midOf(audio)}`,
    'a=rtcp-mux',
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.pwd}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${audio.setup}`,
    ...candidateLines(candidates),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** What stands for our side after an offer/answer: kept with the call as plain data. */
export interface LocalDescription {
  readonly version: number;
  readonly text: string;
}

/**
 * Our next description: the same version when nothing else differs from `previous`, else one more (RFC 3264 section 8).
 */
export function revise(
  previous: LocalDescription | undefined,
  build: (version: number) => string,
): LocalDescription {
  if (previous === undefined) return { version: 1, text: build(1) };
  if (build(previous.version) === previous.text) return previous;
  const version = previous.version + 1;
  return { version, text: build(version) };
}
