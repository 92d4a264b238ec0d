import type { WebSocket } from 'ws';

/** Pings all open WebSockets; who misses two is gone. Keeps them open through NATs besides (RFC 6455 section 5.5.2). */
export class Heartbeat {
  readonly #silent = new WeakSet<WebSocket>();
  readonly #timer: NodeJS.Timeout;

  constructor(sockets: ReadonlySet<WebSocket>, everyMs: number) {
    this.#timer = setInterval(() => this.#beat(sockets), everyMs);
    this.#timer.unref();
  }

  /** A socket's pongs count from now on. */
  watch(socket: WebSocket): void {
    socket.on('pong', () => this.#silent.delete(socket));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(sockets: ReadonlySet<WebSocket>): void {
    for (const socket of sockets) {
      if (this.#silent.has(socket)) socket.terminate();
      else {
        this.#silent.add(socket);
        socket.ping();
      }
    }
  }
}
