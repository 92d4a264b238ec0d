import { connect } from 'node:net';
import type { HostPort, StreamConnection } from '../../base/net.ts';
import { defaultTcpLimits, NodeStreamConnection, type TcpLimits } from './connection.ts';
import { type ConnectionRefusal, openDoor, type TcpListener } from './door.ts';
import { typeOfService } from './dscp.ts';

export interface TcpListenOptions {
  readonly limits?: TcpLimits;
  /** Sets `onData` and `onClose` of a new connection before it returns. */
  accept(connection: StreamConnection): void;
  /** May this source connect at all? Absent: everybody may. */
  admits?(remote: HostPort): boolean;
  /** A connection was turned away. */
  refused?(reason: ConnectionRefusal, remote: string): void;
  /** Code point of what its connections send (RFC 2474); undefined or 0: not marked. */
  readonly dscp?: number | undefined;
}

/** Listens on `local`; rejects with a ListenError. */
export function listenTcp(local: HostPort, options: TcpListenOptions): Promise<TcpListener> {
  const limits = options.limits ?? defaultTcpLimits;
  const { admits, refused, dscp } = options;
  return openDoor(local, { limits, admits, refused, dscp }, (socket) =>
    options.accept(new NodeStreamConnection(socket, limits)),
  );
}

/** Opens a connection whose packets bear the code point `dscp`; rejects when it cannot be had within `timeoutMs`. */
export function connectTcp(remote: HostPort, timeoutMs: number, dscp = 0): Promise<StreamConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: remote.address,
      port: remote.port,
      noDelay: true,
      typeOfService: typeOfService(dscp),
    });
    const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(new NodeStreamConnection(socket, defaultTcpLimits));
    });
  });
}
