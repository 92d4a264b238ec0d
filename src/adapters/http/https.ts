import { createServer } from 'node:https';
import type { SecureContext, SecureContextOptions, TLSSocket } from 'node:tls';
import type { HostPort } from '../../base/net.ts';
import {
  type Fetch,
  type HttpServer,
  httpLimits,
  openHttpServer,
  requestListener,
  type Upgrade,
} from './server.ts';

/** RFC 7443 section 3: a client that says so speaks TURN. Browsers do not, and coturn's offers both: the first byte tells too. */
const TURN_ALPN = 'stun.turn';
/** STUN begins with 0 to 3 (RFC 7983 section 7), and no method of HTTP does. */
const LAST_STUN_BYTE = 3;
/** How long a connection may say nothing after its handshake, ms. */
const FIRST_BYTE_MS = 10_000;

/** Our certificates, which may change while we listen. */
export interface HttpsCertificates {
  /** What to show to who asks for no name. The same object until it changes. */
  readonly fallback: SecureContextOptions;
  /** What to show to who asks for `servername`. */
  contextFor(servername: string): SecureContext;
}

export interface HttpsOptions {
  readonly certificates: HttpsCertificates;
  readonly fetch: Fetch;
  readonly upgrade: Upgrade;
  /** Takes the connections that speak TURN instead, with nothing read of them; absent: they are closed. */
  readonly turn?: ((socket: TLSSocket) => void) | undefined;
}

/**
 * Listens for HTTPS, and for TURN over TLS on the same port: for networks that let nothing through but 443. Rejects with
 * an HttpListenError.
 */
export async function listenHttps(local: HostPort, options: HttpsOptions): Promise<HttpServer> {
  const { certificates, turn } = options;
  const listener = requestListener(options.fetch);
  const server = createServer(
    {
      ...httpLimits,
      ...certificates.fallback,
      minVersion: 'TLSv1.2',
      ALPNProtocols: turn === undefined ? ['http/1.1'] : [TURN_ALPN, 'http/1.1'],
      // Asked at each handshake that names a host: this is how a new certificate comes into use.
      SNICallback: (servername, done) => done(null, certificates.contextFor(servername)),
    },
    (request, response) => void listener(request, response),
  );
  // What Node does with a connection whose handshake is done: read HTTP from it.
  const readers = server.listeners('secureConnection');
  const readHttp = (socket: TLSSocket) => {
    for (const reader of readers) reader.call(server, socket);
  };
  const relayed = new Set<TLSSocket>();
  const readTurn = (socket: TLSSocket) => {
    if (turn === undefined) {
      socket.destroy();
      return;
    }
    relayed.add(socket);
    socket.once('close', () => relayed.delete(socket));
    turn(socket);
  };
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === TURN_ALPN) readTurn(socket);
    else afterFirstByte(socket, (first) => (first <= LAST_STUN_BYTE ? readTurn(socket) : readHttp(socket)));
  });
  let shown = certificates.fallback;
  server.on('connection', () => {
    if (shown === certificates.fallback) return;
    shown = certificates.fallback;
    server.setSecureContext(shown);
  });
  const https = await openHttpServer(server, local, options.upgrade);
  return {
    local: https.local,
    close: (graceMs) => {
      // Node's server waits for these too, but closes only those that speak HTTP.
      for (const socket of relayed) socket.destroySoon();
      return https.close(graceMs);
    },
  };
}

/** Calls `then` with the first byte that comes; the byte stays there to be read. */
function afterFirstByte(socket: TLSSocket, then: (first: number) => void): void {
  const silent = () => socket.destroy();
  const failed = () => {};
  socket.setTimeout(FIRST_BYTE_MS, silent);
  socket.on('error', failed);
  socket.once('readable', () => {
    const chunk: Buffer | null = socket.read();
    socket.setTimeout(0, silent);
    if (chunk === null || chunk.length === 0) {
      socket.destroy();
      return;
    }
    socket.unshift(chunk);
    then(chunk[0]!);
    // Whoever reads on has a listener of its own.
    socket.off('error', failed);
  });
}
