const CALL_ID = /\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]+)/i;

const USUAL = '\nCall-ID: ';

/** The Call-ID of a message's text, found without reading the rest; undefined when it has none. */
export function callIdOf(text: string): string | undefined {
  // As nearly everybody writes it.
  const usual = text.indexOf(USUAL);
  // In the head: what a body quotes is of another call.
  const head = usual < 0 ? -1 : text.indexOf('\r\n\r\n');
  if (usual >= 0 && (head < 0 || usual < head)) {
    const eol = text.indexOf('\r\n', usual + USUAL.length);
    const value = eol < 0 ? '' : text.slice(usual + USUAL.length, eol).trim();
    if (value !== '') return value;
  }
  return CALL_ID.exec(text)?.[1]?.trimEnd();
}
