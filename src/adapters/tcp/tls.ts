import { connect as connectPlain, isIP } from 'node:net';
import { checkServerIdentity, connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { HostPort, StreamConnection } from '../../base/net.ts';
import { certificateNames, speaksFor } from '../../sip/certificate-identity.ts';
import type { Certificates } from './certificates.ts';
import { defaultTcpLimits, NodeStreamConnection, plain, type TcpLimits } from './connection.ts';
import { type ConnectionRefusal, openDoor, type TcpListener } from './door.ts';
import { typeOfService } from './dscp.ts';

/** How long a peer may take for its handshake, ms. */
const HANDSHAKE_MS = 10_000;

/** `require`: who shows no certificate that a known authority signed is not let in. `request`: asked for, not insisted on. */
export type ClientCertificates = 'none' | 'request' | 'require';

export interface TlsListenOptions {
  readonly limits?: TcpLimits;
  readonly certificates: Certificates;
  readonly clientCertificates: ClientCertificates;
  /** Sets `onData` and `onClose` of a new connection before it returns. The handshake is done. */
  accept(connection: StreamConnection): void;
  admits?(remote: HostPort): boolean;
  /** Turned away, or the handshake failed. */
  refused?(reason: ConnectionRefusal | 'handshake', remote: string): void;
  /** Code point of what its connections send (RFC 2474); undefined or 0: not marked. */
  readonly dscp?: number | undefined;
}

/** Listens for TLS 1.2 and above on `local`; rejects with a ListenError. */
export function listenTls(local: HostPort, options: TlsListenOptions): Promise<TcpListener> {
  const limits = options.limits ?? defaultTcpLimits;
  const { certificates, clientCertificates, admits, refused, dscp } = options;
  const server = createServer({
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates === 'require',
    // Asked at each handshake, with or without a name: this is how a new certificate comes into use.
    SNICallback: (servername, done) => done(null, certificates.contextFor(servername)),
  });
  server.on('secureConnection', (socket) => {
    const connection = new NodeStreamConnection(socket, limits);
    if (socket.authorized) {
      const names = certificateNames(socket.getPeerCertificate().subjectaltname ?? '');
      connection.speaksFor = (name) => speaksFor(names, name);
    }
    options.accept(connection);
  });
  server.on('tlsClientError', (_error, socket) => {
    refused?.('handshake', plain(socket.remoteAddress ?? ''));
    socket.destroy();
  });
  let shown = certificates.fallback;
  server.setSecureContext(shown);
  return openDoor(local, { limits, admits, refused, dscp }, (socket) => {
    if (shown !== certificates.fallback) {
      shown = certificates.fallback;
      server.setSecureContext(shown);
    }
    server.emit('connection', socket);
  });
}

export interface TlsConnectOptions {
  readonly timeoutMs: number;
  /** The domain or literal address that the far end's certificate must speak for (RFC 5922 section 7.2). */
  readonly name: string;
  /** `skip`: whatever certificate it shows is taken; only for networks that nobody else is on. */
  readonly verify: 'peer' | 'skip';
  /** Whose certificate it is: `domain` as SIP has it, without wildcards, or `host` as HTTPS and TURN have it (RFC 6125). Absent: `domain`. */
  readonly identity?: 'domain' | 'host';
  /** Ours, shown when the server asks for one, and whom we believe; absent: none, and whom Node believes. */
  readonly certificates?: Certificates;
  readonly limits?: TcpLimits;
  /** Code point of what is sent (RFC 2474). */
  readonly dscp?: number | undefined;
}

/** Opens a connection and shakes hands; rejects when that cannot be done within `timeoutMs`, or the far end is somebody else. */
export function connectTls(remote: HostPort, options: TlsConnectOptions): Promise<StreamConnection> {
  const { name, timeoutMs, limits = defaultTcpLimits } = options;
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      ...options.certificates?.fallback,
      // Node marks plain sockets only.
      socket: connectPlain({
        host: remote.address,
        port: remote.port,
        noDelay: true,
        typeOfService: typeOfService(options.dscp ?? 0),
      }),
      // RFC 6066 section 3: a literal address is no server name.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: options.verify === 'peer',
      checkServerIdentity: (_host, certificate) =>
        options.identity === 'host' ? checkServerIdentity(name, certificate) : sipIdentity(name, certificate),
    });
    const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(new NodeStreamConnection(socket, limits));
    });
  });
}

function sipIdentity(name: string, { subjectaltname }: PeerCertificate): Error | undefined {
  return speaksFor(certificateNames(subjectaltname ?? ''), name)
    ? undefined
    : new Error(`the certificate does not speak for ${name}`);
}
