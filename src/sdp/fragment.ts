import type { LocalTransport } from './browser-write.ts';
import { candidateLines } from './candidates.ts';

/** What an ICE fragment may have of lines, and of characters. */
const MAX_CHARACTERS = 64 * 1024;
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PWD = /^[A-Za-z0-9+/]{22,256}$/;

/** The credentials in an `application/trickle-ice-sdpfrag` (RFC 8840 section 9); undefined: it has none that could be used. */
export function readFragment(text: string): { readonly ufrag: string; readonly pwd: string } | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const ufrag = /^a=ice-ufrag:(\S+)\r?$/m.exec(text)?.[1] ?? '';
  const pwd = /^a=ice-pwd:(\S+)\r?$/m.exec(text)?.[1] ?? '';
  return UFRAG.test(ufrag) && PWD.test(pwd) ? { ufrag, pwd } : undefined;
}

/** Our end after an ICE restart as such a fragment: the first m-line of the session bears the transport of all. */
export function writeFragment(
  { candidates, ice }: LocalTransport,
  tagged: { readonly type: string; readonly protocol: string; readonly mid: string },
): string {
  const lines = [
    'a=ice-lite',
    `a=group:BUNDLE ${tagged.mid}`,
    `m=${tagged.type} 9 ${tagged.protocol} 0`,
    `a=mid:${tagged.mid}`,
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.pwd}`,
    ...candidateLines(candidates),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
