import type { WebSocket } from 'ws';
import type { SignalSocket } from '../../peer/context.ts';

/** The session behind a WebSocket: `peer/link.ts` or `api/agents/worker.ts`. */
export interface SocketSession {
  start(): void;
  message(data: Uint8Array | string): void;
  closed(): void;
}

/** Connects an open WebSocket of a client at `source` with its session. A bug in a session closes its connection, and the others go on. */
export function serveSession(
  socket: WebSocket,
  source: string,
  open: (socket: SignalSocket) => SocketSession,
  onFault: (error: unknown) => void,
): void {
  const session = open(sessionSocket(socket, source));
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      onFault(error);
      socket.close(1011, 'internal error');
    }
  };
  socket.on('message', (data, isBinary) => {
    // One buffer each: `ws` joins fragments unless told otherwise.
    const bytes = data as Buffer;
    guarded(() =>
      session.message(
        isBinary ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes.toString('utf8'),
      ),
    );
  });
  // Bad frames and resets: `close` follows.
  socket.on('error', () => {});
  socket.once('close', () => guarded(() => session.closed()));
  guarded(() => session.start());
}

function sessionSocket(socket: WebSocket, source: string): SignalSocket {
  return {
    source,
    get queued() {
      return socket.bufferedAmount;
    },
    send(frame) {
      if (socket.readyState === socket.OPEN) socket.send(frame);
    },
    close(code, reason) {
      socket.close(code, reason);
    },
  };
}
