/** `message/sipfrag` (RFC 3420) as a REFER's NOTIFY carries it: the status line of what the transferred party tried. */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { hasControl, parseNumber } from './grammar.ts';
import { reasonPhrase } from './status.ts';

export const SIPFRAG = 'message/sipfrag';

export interface StatusLine {
  /** 100 to 699. */
  readonly status: number;
  readonly phrase: string;
}

/** No status line is longer; what follows it is not read. */
const MAX_LINE = 512;

/**
 * The status line that a fragment must begin with (RFC 3515 section 2.4.5); undefined when it begins with anything else. Some send
 * empty lines before it.
 */
export function parseSipfrag(body: Uint8Array): StatusLine | undefined {
  const text = fromUtf8(body.subarray(0, MAX_LINE)).replace(/^[\r\n\t ]+/, '');
  const line = text.split(/\r?\n/, 1)[0]!;
  if (!/^sip\/2\.0 /i.test(line)) return undefined;
  const status = parseNumber(line.slice(8, 11), 699);
  const rest = line.slice(11);
  if (status === undefined || status < 100 || (rest !== '' && !rest.startsWith(' '))) return undefined;
  const phrase = rest.trim();
  return hasControl(phrase) ? undefined : { status, phrase };
}

/** A fragment of one status line. */
export function writeSipfrag(status: number): Uint8Array {
  return utf8(`SIP/2.0 ${status} ${reasonPhrase(status)}\r\n`);
}
