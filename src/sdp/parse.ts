/** The one door to sdp-transform: what it reads, capped, and never an exception for bad input. */
import { parse, type SessionDescription } from 'sdp-transform';
import { fail, ok, type Result } from '../base/result.ts';

export type { MediaDescription, SessionDescription } from 'sdp-transform';

/** What a session description says of media: all of it but its name, its owner and its times. */
export type SessionFacts = Omit<SessionDescription, 'version' | 'origin' | 'name' | 'timing'>;

/** Why a text is no session description that we read. */
export type SdpFault = 'too-large' | 'line-too-long' | 'too-many-media' | 'not-sdp';

/** Bounds of what is read. */
export interface SdpLimits {
  readonly characters: number;
  readonly lineCharacters: number;
  readonly mediaLines: number;
}

/** A phone's: one audio line, perhaps a twin and a video or fax line beside it. */
export const PHONE_SDP_LIMITS: SdpLimits = { characters: 65_536, lineCharacters: 8_192, mediaLines: 8 };

/** A browser's: a line for each track that was ever sent to it. */
export const BROWSER_SDP_LIMITS: SdpLimits = {
  characters: 393_216,
  lineCharacters: 8_192,
  mediaLines: 64,
};

/** Reads a session description (RFC 8866) with CRLF, LF or CR line ends. Unknown lines are passed over. */
export function parseSdp(text: string, limits: SdpLimits): Result<SessionDescription, SdpFault> {
  if (text.length > limits.characters) return fail('too-large');
  if (!/^\s*v=0\s*[\r\n]/.test(text)) return fail('not-sdp');
  let mediaLines = 0;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.length > limits.lineCharacters) return fail('line-too-long');
    if (line.startsWith('m=')) mediaLines++;
  }
  if (mediaLines > limits.mediaLines) return fail('too-many-media');
  try {
    return ok(parse(text));
  } catch {
    return fail('not-sdp');
  }
}
