/**
 * The session description that nearly every phone and carrier sends: one address, audio over plain RTP, formats, packet time,
 * direction. Read line by line, at a fraction of what the general reader takes; what has anything else in it is left to that one.
 */
import type { MediaDescription, SessionFacts } from './parse.ts';

/** Longer ones are not plain. */
const MAX_CHARACTERS = 4096;
const MAX_MEDIA = 8;

const CONNECTION = /^c=IN IP(4|6) (\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[\da-fA-F]{0,4}:[\da-fA-F:]{1,40})$/;
const MEDIA = /^m=audio (0|[1-9]\d{0,4}) RTP\/AVP (\d{1,3}(?: \d{1,3}){0,31})$/;
const MAP = /^a=rtpmap:(0|[1-9]\d{0,2}) ([A-Za-z][\w.-]{0,31})\/([1-9]\d{0,5})(?:\/([1-9]))?$/;
const FORMAT = /^a=fmtp:(0|[1-9]\d{0,2}) ([!-~][ -~]*)$/;
const TIME = /^a=(?:ptime|maxptime):([1-9]\d{0,3})$/;
const ONE_LINE = /^[^\r\n]*$/;

/** What a plain description says; undefined when it is not plain, and then it is not said either whether it is one at all. */
export function readPlainSdp(text: string): SessionFacts | undefined {
  if (text.length > MAX_CHARACTERS || !text.startsWith('v=0\r\n')) return undefined;
  const session: SessionFacts = { media: [] };
  for (let from = 5; from < text.length; ) {
    const eol = text.indexOf('\r\n', from);
    if (eol < 0 || !readLine(text.slice(from, eol), session)) return undefined;
    from = eol + 2;
  }
  return session;
}

/** By the line's letter, so that each is held against one pattern. False: it is not plain. */
function readLine(line: string, session: SessionFacts): boolean {
  switch (line.slice(0, 2)) {
    case 'm=':
      return readMediaLine(line, session);
    case 'c=':
      return readConnection(line, session.media.at(-1) ?? session);
    case 'a=':
      return readAttribute(line, session);
    case 'o=':
    case 's=':
    case 't=':
    case 'b=':
      return ONE_LINE.test(line);
    default:
      return false;
  }
}

function readMediaLine(line: string, session: SessionFacts): boolean {
  const match = MEDIA.exec(line);
  if (match === null) return false;
  const port = Number(match[1]);
  const payloads = match[2]!;
  const count = session.media.push({ type: 'audio', port, protocol: 'RTP/AVP', payloads, rtp: [], fmtp: [] });
  return count <= MAX_MEDIA;
}

function readConnection(line: string, at: SessionFacts | MediaDescription): boolean {
  const match = CONNECTION.exec(line);
  if (match === null) return false;
  at.connection = { version: Number(match[1]), ip: match[2]! };
  return true;
}

function readAttribute(line: string, session: SessionFacts): boolean {
  const media = session.media.at(-1);
  const colon = line.indexOf(':');
  const name = colon < 0 ? line.slice(2) : line.slice(2, colon);
  switch (name) {
    case 'sendrecv':
    case 'sendonly':
    case 'recvonly':
    case 'inactive':
      (media ?? session).direction = name;
      return colon < 0;
    // These say nothing to a phone's reader.
    case 'silenceSupp':
    case 'tool':
    case 'label':
    case 'ssrc':
    case 'minptime':
      return colon > 0 && ONE_LINE.test(line);
  }
  if (name.startsWith('X-')) return ONE_LINE.test(line);
  return media !== undefined && readOfMedia(line, name, media);
}

function readOfMedia(line: string, name: string, media: MediaDescription): boolean {
  switch (name) {
    case 'rtpmap':
      return readMap(line, media);
    case 'fmtp': {
      const match = FORMAT.exec(line);
      if (match !== null) media.fmtp.push({ payload: Number(match[1]), config: match[2]! });
      return match !== null;
    }
    case 'ptime':
    case 'maxptime': {
      const match = TIME.exec(line);
      if (match !== null) media[name] = Number(match[1]);
      return match !== null;
    }
    case 'rtcp-mux':
      media.rtcpMux = 'rtcp-mux';
      return line === 'a=rtcp-mux';
    default:
      return false;
  }
}

function readMap(line: string, media: MediaDescription): boolean {
  const match = MAP.exec(line);
  if (match === null) return false;
  const channels = match[4];
  const map = { payload: Number(match[1]), codec: match[2]!, rate: Number(match[3]) };
  media.rtp.push(channels === undefined ? map : { ...map, encoding: Number(channels) });
  return true;
}
