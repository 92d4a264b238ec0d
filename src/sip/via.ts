import { formatHostPort, type HostPort } from '../base/net.ts';
import { parseParams, skipBlank, splitCommas, tokenEnd } from './grammar.ts';
import { parseHostPort } from './uri.ts';

/** One Via element (RFC 3261 section 20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS, SCTP, WS, or whatever else it says. */
  readonly transport: string;
  /** sent-by host in lower case, IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ReadonlyMap<string, string>;
  /** Empty when there is none (RFC 2543). */
  readonly branch: string;
}

/** Branches of RFC 3261 begin so; what follows makes them unique (section 8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK';

const PROTOCOL = 'SIP/2.0/';

/** Reads one element; blanks may stand around slashes and colon. Undefined when malformed. */
export function parseVia(text: string): Via | undefined {
  const transport = text.startsWith(PROTOCOL) ? skipBlank(text, PROTOCOL.length) : afterProtocol(text);
  if (transport < 0) return undefined;
  const i = tokenEnd(text, transport);
  const sentBy = skipBlank(text, i);
  if (i === transport || sentBy === i) return undefined;
  const semicolon = text.indexOf(';', sentBy);
  const end = semicolon < 0 ? text.length : semicolon;
  let hostText = text.slice(sentBy, end);
  if (hostText.includes(' ') || hostText.includes('\t')) {
    hostText = hostText
      .split(':')
      .map((part) => part.trim())
      .join(':');
  }
  const hostPort = parseHostPort(hostText);
  const params = parseParams(text, end);
  if (hostPort === undefined || params === undefined) return undefined;
  return {
    transport: text.slice(transport, i).toUpperCase(),
    host: hostPort.host.toLowerCase(),
    port: hostPort.port,
    params,
    branch: params.get('branch') ?? '',
  };
}

/** Index of the transport, when blanks or small letters stand before it; -1 when it is another protocol. */
function afterProtocol(text: string): number {
  let i = tokenEnd(text, 0);
  if (text.slice(0, i).toUpperCase() !== 'SIP') return -1;
  const version = afterSlash(text, i);
  if (version < 0) return -1;
  i = tokenEnd(text, version);
  return text.slice(version, i) === '2.0' ? afterSlash(text, i) : -1;
}

function afterSlash(text: string, from: number): number {
  const slash = skipBlank(text, from);
  return text.charCodeAt(slash) === 47 ? skipBlank(text, slash + 1) : -1;
}

/**
 * The Via lines of a response: those of the request, the top element with `received` and `rport` saying where the
 * request really came from (RFC 3261 section 18.2.1, RFC 3581 section 4), whether it asked for that or not.
 */
export function viaLinesForResponse(lines: readonly string[], source: HostPort): string[] {
  const line = lines[0] ?? '';
  if (!line.includes(',')) {
    const answered = lines.slice();
    answered[0] = `${withoutSource(line)};received=${source.address};rport=${source.port}`;
    return answered;
  }
  const [top = '', ...rest] = splitCommas(line);
  const first = `${withoutSource(top)};received=${source.address};rport=${source.port}`;
  return lines.length === 1 && rest.length === 0 ? [first] : [first, ...rest, ...lines.slice(1)];
}

const SOURCE = /^\s*(?:rport|received)\s*(?:=|$)/i;

/** A Via element without `rport` and `received`. */
function withoutSource(via: string): string {
  // As nearly everybody writes it.
  const asked = via.endsWith(';rport') ? via.slice(0, -6) : via;
  if (!/rport|received/i.test(asked)) return asked.trimEnd();
  let bare = '';
  for (let from = 0; from <= via.length; ) {
    const semicolon = via.indexOf(';', from);
    const end = semicolon < 0 ? via.length : semicolon;
    const part = via.slice(from, end);
    if (!SOURCE.test(part)) bare += from === 0 ? part : `;${part}`;
    from = end + 1;
  }
  return bare.trimEnd();
}

/**
 * The Via of a request of ours. `rport` asks for the answer on the same port (RFC 3581 section 3). `alias` offers a TLS connection
 * for the far end's requests too (RFC 5923 section 6); the RFC has it for TLS alone, where both ends are known for sure.
 */
export function formatVia(transport: string, sentBy: HostPort, branch: string): string {
  const alias = transport === 'tls' ? ';alias' : '';
  return `SIP/2.0/${transport.toUpperCase()} ${formatHostPort(sentBy)};branch=${branch};rport${alias}`;
}
