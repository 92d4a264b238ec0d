import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import type { Admission, AdmissionRefusal, SignalUrl } from '../../peer/admission.ts';
import type { SignalSocket } from '../../peer/context.ts';
import { Heartbeat } from './heartbeat.ts';
import { ConnectionQuota } from './quota.ts';
import { type SocketSession, serveSession } from './session-socket.ts';
import { refuseUpgrade, sourceOf, type TrustsProxy } from './upgrade.ts';

export interface SignalGateOptions {
  admit(url: SignalUrl): Promise<Result<Admission, AdmissionRefusal>>;
  open(socket: SignalSocket, admission: Admission): SocketSession;
  readonly emit: EventSink;
  /** A bug in a session: its connection is closed, the others go on. */
  onFault(error: unknown): void;
  readonly trusts?: TrustsProxy;
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
  readonly #quota: ConnectionQuota;
  readonly #heartbeat: Heartbeat;
  #closed = false;

  constructor(options: SignalGateOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultSignalLimits;
    this.#quota = new ConnectionQuota(this.#limits);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: this.#limits.message,
      perMessageDeflate: false,
      clientTracking: true,
    });
    this.#heartbeat = new Heartbeat(this.#server.clients, this.#limits.heartbeatMs);
  }

  /** Open WebSockets, those in the door counted in. */
  get connections(): number {
    return this.#quota.open;
  }

  /** Node's `upgrade` event. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const url = readUrl(request);
    const address = sourceOf(request, this.#options.trusts ?? (() => false));
    if (url === undefined) {
      this.#refuse(socket, address, 'no-such-path', 404, 'not found');
      return;
    }
    if (this.#closed) {
      this.#refuse(socket, address, 'stopping', 503, 'the gateway is stopping');
      return;
    }
    if (!this.#quota.take(address)) {
      this.#refuse(socket, address, 'too-many-connections', 429, 'too many connections');
      return;
    }
    socket.once('close', () => this.#quota.release(address));
    this.#admit(url, request, socket, head, address).catch((error: unknown) => {
      this.#options.onFault(error);
      socket.destroy();
    });
  };

  /** Lets nobody in any more; sessions end by their rooms, and what is left after `graceMs` is cut off. */
  close(graceMs: number): void {
    this.#closed = true;
    this.#heartbeat.stop();
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
    this.#server.handleUpgrade(request, socket, head, (opened) =>
      this.#open(opened, address, admitted.value),
    );
  }

  #open(socket: WebSocket, source: string, admission: Admission): void {
    const { onFault, open } = this.#options;
    this.#heartbeat.watch(socket);
    serveSession(socket, source, (session) => open(session, admission), onFault);
  }

  #refuse(socket: Duplex, source: string, reason: string, status: number, text: string): void {
    this.#options.emit({ type: 'signal.refused', source, reason, status });
    refuseUpgrade(socket, status, text);
  }
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
