import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { HostPort } from '../../base/net.ts';

/** A join request with the client's first offer travels in the URL: more than Node's 16 kB. */
const MAX_HEADER_BYTES = 128 * 1024;
/** How long a client may take to send its headers, or all of a request, ms. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const MAX_CONNECTIONS = 10_000;

/** What a client may send, and how slowly. */
export const httpLimits = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_MS,
  requestTimeout: REQUEST_MS,
};

/** The HTTP port cannot be opened: `code` as Node has it, `EADDRINUSE` and the like. */
export class HttpListenError extends Error {
  readonly code: string;
  readonly local: HostPort;

  constructor(code: string, local: HostPort) {
    super(`TCP port ${local.port} on ${local.address} cannot be opened for HTTP: ${code}`);
    this.code = code;
    this.local = local;
  }
}

/** What answers requests. `incoming` is the same request as Node has it, with its socket. */
export type Fetch = (request: Request, incoming: IncomingMessage) => Response | Promise<Response>;
/** What takes WebSocket upgrades. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A listening HTTP server. */
export interface HttpServer {
  readonly local: HostPort;
  /** Takes no more connections and closes the idle ones; resolves when all are gone, and forces that after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Listens for HTTP/1.1. Rejects with {@link HttpListenError}. */
export function listenHttp(local: HostPort, fetch: Fetch, upgrade: Upgrade): Promise<HttpServer> {
  const listener = requestListener(fetch);
  const server = createServer(httpLimits, (request, response) => void listener(request, response));
  return openHttpServer(server, local, upgrade);
}

/** What Node calls with each request. */
export function requestListener(fetch: Fetch): ReturnType<typeof getRequestListener> {
  return getRequestListener((request, { incoming }) => fetch(request, incoming as IncomingMessage));
}

/** Lets `server` listen, for HTTP or HTTPS. Rejects with {@link HttpListenError}. */
export function openHttpServer(server: Server, local: HostPort, upgrade: Upgrade): Promise<HttpServer> {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('upgrade', upgrade);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new HttpListenError(error.code ?? error.message, local)),
    );
    server.listen(local.port, local.address, () => {
      server.removeAllListeners('error');
      // After it listens, an error is of one accept (too many files): the server goes on.
      server.on('error', () => {});
      const bound = server.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : local.port;
      resolve({ local: { address: local.address, port }, close: (graceMs) => close(server, graceMs) });
    });
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
