import { fromUtf8, utf8 } from '../base/bytes.ts';

/**
 * Cheap to ask of each message: most have nothing to hide. Two questions, since words are looked for faster without the third one's
 * short beginning. Repetitions are bounded: a far end wrote what they run over.
 */
const SUSPECT_WORD = /authorization|token|cookie|secret|password|inline:|ice-pwd|dtmf/i;
const SUSPECT_PLACE = /^k=|sips?:[^@:;\s>]{1,128}:[^@\s>]{1,128}@/im;
/** A header that proves who one is, with its folded lines. */
const PROOF =
  /^([\w-]{0,64}(?:authorization|token|cookie|secret|password)[\w-]{0,64}[ \t]*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;
/** Keys of SDES (RFC 4568), ICE passwords, k= lines (RFC 8866 section 5.12). */
const KEYS = /(inline:|^a=ice-pwd:|^k=[a-z]{1,16}:)([^\s|]+)/gim;
/** The password of a URI (RFC 3261 section 19.1.1). */
const URI_PASSWORD = /(sips?:[^@:;\s>]{1,128}:)([^@\s>]{1,128})(?=@)/gi;
/** Keys that a caller pressed: perhaps a PIN. */
const PRESSED = /^(signal[ \t]*=[ \t]*)(\S+)/gim;
const DTMF_BODY = /^(?:content-type|c)[ \t]*:[ \t]*application\/dtmf[ \t]*(?:;[^\r\n]*)?\r?$/im;

/**
 * A copy of a message without what it may not tell: credentials, keys of media, keys pressed. Lengths of bodies stay, so that
 * the copy is as well formed as the message was. `text` is what the bytes say, where it is known.
 */
export function redact(bytes: Uint8Array, text = fromUtf8(bytes)): Uint8Array {
  const told = redactText(text);
  return told === text ? bytes.slice() : utf8(told);
}

/** {@link redact} of a message's text: itself, where it has nothing to hide. */
export function redactText(text: string): string {
  if (!SUSPECT_WORD.test(text) && !SUSPECT_PLACE.test(text)) return text;
  const end = text.search(/\r?\n\r?\n/);
  const head = end < 0 ? text : text.slice(0, end);
  let body = end < 0 ? '' : text.slice(end);
  body = body.replace(KEYS, hidden).replace(PRESSED, hidden);
  if (DTMF_BODY.test(head)) body = body.replace(/[0-9a-d*#]/gi, 'x');
  return head.replace(PROOF, '$1 (hidden)').replace(URI_PASSWORD, hidden) + body;
}

function hidden(_whole: string, name: string, secret: string): string {
  return name + 'x'.repeat(secret.length);
}
