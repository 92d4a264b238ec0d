const CALL_ID = /\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]+)/i;

/** The Call-ID of a message's text, found without reading the rest; undefined when it has none. */
export function callIdOf(text: string): string | undefined {
  return CALL_ID.exec(text)?.[1]?.trimEnd();
}
