import { connect } from 'node:net';
import type { HostPort, StreamConnection } from '../../base/net.ts';
import { defaultTcpLimits, NodeStreamConnection, type TcpLimits } from './connection.ts';
import { type ConnectionRefusal, openDoor, type TcpListener } from './door.ts';

export interface TcpListenOptions {
  readonly limits?: TcpLimits;
  /** Sets `onData` and `onClose` of a new connection before it returns. */
  accept(connection: StreamConnection): void;
  /** May this source connect at all? Absent: everybody may. */
  admits?(remote: HostPort): boolean;
  /** A connection was turned away. */
  refused?(reason: ConnectionRefusal, remote: string): void;
}

/** Listens on `local`; rejects with a ListenError. */
export function listenTcp(local: HostPort, options: TcpListenOptions): Promise<TcpListener> {
  const limits = options.limits ?? defaultTcpLimits;
  const { admits, refused } = options;
  return openDoor(local, { limits, admits, refused }, (socket) =>
    options.accept(new NodeStreamConnection(socket, limits)),
  );
}

/** Opens a connection; rejects when it cannot be had within `timeoutMs`. */
export function connectTcp(
  remote: HostPort,
  timeoutMs: number,
  limits = defaultTcpLimits,
): Promise<StreamConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: remote.address, port: remote.port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(new NodeStreamConnection(socket, limits));
    });
  });
}
