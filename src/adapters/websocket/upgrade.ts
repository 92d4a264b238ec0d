import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';

/** Node's `upgrade` event. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The URL that an upgrade asks for, on a host that does not matter; undefined when it is none. */
export function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, 'http://gateway') ? new URL(url, 'http://gateway') : undefined;
}

/** Who may not come in gets an HTTP status and a text, not a socket. */
export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${text.replaceAll(/[^ -~]/g, '')}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Is this address one of our own reverse proxies? */
export type TrustsProxy = (address: string) => boolean;

/**
 * Where a request comes from. X-Forwarded-For is believed only as far as proxies of ours have written it: from its end, as long as
 * the hop before was one of them.
 */
export function sourceOf({ headers, socket }: IncomingMessage, trusts: TrustsProxy): string {
  let source = plain(socket.remoteAddress ?? '');
  const hops = String(headers['x-forwarded-for'] ?? '').split(',');
  while (trusts(source)) {
    const hop = plain(hops.pop()?.trim() ?? '');
    if (isIP(hop) === 0) break;
    source = hop;
  }
  return source;
}

/** Node shows IPv4 peers of a dual-stack listener as `::ffff:192.0.2.1`. */
export function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
