import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Who may not come in gets an HTTP status and a text, not a socket. */
export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${text.replaceAll(/[^ -~]/g, '')}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Where a request comes from. Node shows IPv4 peers of a dual-stack listener as `::ffff:192.0.2.1`. */
export function sourceOf(request: IncomingMessage): string {
  return plain(request.socket.remoteAddress ?? '');
}

/** An address as it is everywhere else. */
export function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
