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
const TIME = /^a=(ptime|maxptime):([1-9]\d{0,3})$/;
const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)$/;
/** Lines that say nothing to a phone's reader. */
const PASSED_OVER = /^(?:[ostb]=|a=(?:silenceSupp|tool|label|ssrc|minptime):|a=X-)/;

/** What a plain description says; undefined when it is not plain, and then it is not said either whether it is one at all. */
export function readPlainSdp(text: string): SessionFacts | undefined {
  if (text.length > MAX_CHARACTERS || !text.startsWith('v=0\r\n')) return undefined;
  const session: SessionFacts = { media: [] };
  let media: MediaDescription | undefined;
  for (let from = 5; from < text.length; ) {
    const eol = text.indexOf('\r\n', from);
    if (eol < 0) return undefined;
    const line = text.slice(from, eol);
    from = eol + 2;
    const begun = readMediaLine(line);
    if (begun !== undefined) {
      if (session.media.push(begun) > MAX_MEDIA) return undefined;
      media = begun;
    } else if (!readCommon(line, media ?? session) && !(media !== undefined && readOfMedia(line, media))) {
      return undefined;
    }
  }
  return session;
}

function readMediaLine(line: string): MediaDescription | undefined {
  const match = MEDIA.exec(line);
  if (match === null) return undefined;
  return {
    type: 'audio',
    port: Number(match[1]),
    protocol: 'RTP/AVP',
    payloads: match[2]!,
    rtp: [],
    fmtp: [],
  };
}

/** What may stand for the session as well as for a stream. */
function readCommon(line: string, at: SessionFacts | MediaDescription): boolean {
  const connection = CONNECTION.exec(line);
  if (connection !== null) {
    at.connection = { version: Number(connection[1]), ip: connection[2]! };
    return true;
  }
  const direction = DIRECTION.exec(line);
  if (direction === null) return PASSED_OVER.test(line) && !/[\r\n]/.test(line);
  at.direction = direction[1] as 'sendrecv';
  return true;
}

function readOfMedia(line: string, media: MediaDescription): boolean {
  const map = MAP.exec(line);
  if (map !== null) {
    const [, payload, codec, rate, channels] = map;
    const encoding = channels === undefined ? {} : { encoding: Number(channels) };
    media.rtp.push({ payload: Number(payload), codec: codec!, rate: Number(rate), ...encoding });
    return true;
  }
  const format = FORMAT.exec(line);
  if (format !== null) {
    media.fmtp.push({ payload: Number(format[1]), config: format[2]! });
    return true;
  }
  if (line === 'a=rtcp-mux') {
    media.rtcpMux = 'rtcp-mux';
    return true;
  }
  const time = TIME.exec(line);
  if (time === null) return false;
  media[time[1] as 'ptime' | 'maxptime'] = Number(time[2]);
  return true;
}
