import type { Sound } from '../media/protocol.ts';

/** The gateway's own sounds are in English. */
const FALLBACK_LANGUAGE = 'en';

/** A recording of the gateway's, or of the operator's in its place; `language` undefined: none was chosen. */
export function recording(name: string, language: string | undefined): Sound {
  return { from: 'file', name, language: language ?? FALLBACK_LANGUAGE };
}
