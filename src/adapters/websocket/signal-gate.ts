import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import type { Admission, AdmissionRefusal, SignalUrl } from '../../peer/admission.ts';
import type { SignalSocket } from '../../peer/context.ts';

/** The session behind a WebSocket (`peer/session.ts`). */
export interface SignalSession {
  start(): void;
  message(data: Uint8Array | string): void;
  closed(): void;
}

export interface SignalGateOptions {
  admit(url: SignalUrl): Promise<Result<Admission, AdmissionRefusal>>;
  open(socket: SignalSocket, admission: Admission): SignalSession;
  readonly emit: EventSink;
  /** A bug in a session: its connection is closed, the others go on. */
  onFault(error: unknown): void;
  readonly limits?: SignalLimits;
}

export interface SignalLimits {
  /** WebSockets in all, and of one address. */
  readonly connections: number;
  readonly perAddress: number;
  /** Largest message, bytes. */
  readonly message: number;
  /** Time between WebSocket pings, ms; who misses two is gone. */
  readonly heartbeatMs: number;
}

export const defaultSignalLimits: SignalLimits = {
  connections: 10_000,
  perAddress: 200,
  message: 512 * 1024,
  heartbeatMs: 15_000,
};

/** The door for WebSockets at `/rtc` and `/rtc/v1`: who may not come in gets an HTTP status and a text, not a socket. */
export class SignalGate {
  readonly #options: SignalGateOptions;
  readonly #limits: SignalLimits;
  readonly #server: WebSocketServer;
  readonly #byAddress = new Map<string, number>();
  readonly #silent = new Set<WebSocket>();
  readonly #heartbeat: NodeJS.Timeout;
  #connections = 0;
  #closed = false;

  constructor(options: SignalGateOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultSignalLimits;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: this.#limits.message,
      perMessageDeflate: false,
      clientTracking: true,
    });
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Open WebSockets, those in the door counted in. */
  get connections(): number {
    return this.#connections;
  }

  /** Node's `upgrade` event. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const url = readUrl(request);
    const address = plain(request.socket.remoteAddress ?? '');
    const open = this.#byAddress.get(address) ?? 0;
    if (url === undefined) {
      this.#refuse(socket, address, 'no-such-path', 404, 'not found');
      return;
    }
    if (this.#closed) {
      this.#refuse(socket, address, 'stopping', 503, 'the gateway is stopping');
      return;
    }
    if (open >= this.#limits.perAddress || this.#connections >= this.#limits.connections) {
      this.#refuse(socket, address, 'too-many-connections', 429, 'too many connections');
      return;
    }
    this.#byAddress.set(address, open + 1);
    this.#connections++;
    socket.once('close', () => this.#released(address));
    this.#admit(url, request, socket, head, address).catch((error: unknown) => {
      this.#options.onFault(error);
      socket.destroy();
    });
  };

  /** Lets nobody in any more; sessions end by their rooms, and what is left after `graceMs` is cut off. */
  close(graceMs: number): void {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, graceMs).unref();
  }

  async #admit(
    url: SignalUrl,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    const admitted = await this.#options.admit(url);
    if (!admitted.ok) {
      const { reason, status, text } = admitted.error;
      return this.#refuse(socket, address, reason, status, text);
    }
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#open(opened, admitted.value));
  }

  #open(socket: WebSocket, admission: Admission): void {
    const session = this.#options.open(signalSocket(socket), admission);
    const guarded = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        this.#options.onFault(error);
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
    socket.on('pong', () => this.#silent.delete(socket));
    // Bad frames and resets: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#silent.delete(socket);
      guarded(() => session.closed());
    });
    guarded(() => session.start());
  }

  #beat(): void {
    for (const socket of this.#server.clients) {
      if (this.#silent.has(socket)) socket.terminate();
      else {
        this.#silent.add(socket);
        socket.ping();
      }
    }
  }

  #refuse(socket: Duplex, source: string, reason: string, status: number, text: string): void {
    this.#options.emit({ type: 'signal.refused', source, reason, status });
    const body = `${text}\n`;
    socket.end(
      `HTTP/1.1 ${status} ${text.replaceAll(/[^ -~]/g, '')}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }

  #released(address: string): void {
    this.#connections--;
    const open = (this.#byAddress.get(address) ?? 1) - 1;
    if (open > 0) this.#byAddress.set(address, open);
    else this.#byAddress.delete(address);
  }
}

function signalSocket(socket: WebSocket): SignalSocket {
  return {
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

function readUrl(request: IncomingMessage): SignalUrl | undefined {
  if (!URL.canParse(request.url ?? '', 'http://gateway')) return undefined;
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://gateway');
  // LiveKit's clients of some versions leave a slash at the end.
  const path = pathname.replace(/\/$/, '');
  if (path !== '/rtc' && path !== '/rtc/v1') return undefined;
  return {
    path,
    query: (name) => searchParams.get(name) ?? undefined,
    bearer: request.headers.authorization?.match(/^Bearer (\S+)$/)?.[1],
  };
}

/** Node shows IPv4 peers of a dual-stack listener as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
