/** Where a STUN server listens; `host` is a name or a literal address. */
export interface StunServerAddress {
  readonly host: string;
  readonly port: number;
}

const FORM = /^(?:stun:)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?$/;

/** Reads `stun:host:port` (RFC 7064 section 3.1), also without scheme or port; undefined for any other form. */
export function parseStunUrl(text: string): StunServerAddress | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2] ?? 3478);
  return port < 1 || port > 65_535 ? undefined : { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}
