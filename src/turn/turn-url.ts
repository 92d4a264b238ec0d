/** Where a TURN server listens, and how (RFC 7065). */
export interface TurnUrl {
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
}

const URL_FORM =
  /^(turns?):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/;

/**
 * Reads `turn:host:port?transport=udp` and its kin; undefined for any other form, and for `turns` over UDP (DTLS), which no
 * browser speaks.
 */
export function parseTurnUrl(text: string): TurnUrl | undefined {
  const match = URL_FORM.exec(text);
  if (match === null) return undefined;
  const secure = match[1] === 'turns';
  const port = match[3] === undefined ? (secure ? 5349 : 3478) : Number(match[3]);
  if (port < 1 || port > 65_535 || (secure && match[4] === 'udp')) return undefined;
  const host = match[2]!.replace(/^\[|\]$/g, '');
  return { host, port, transport: secure ? 'tls' : match[4] === 'tcp' ? 'tcp' : 'udp' };
}
