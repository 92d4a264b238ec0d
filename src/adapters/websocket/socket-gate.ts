import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { bearerToken } from '../../base/bearer.ts';
import type { Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import type { SignalSocket } from '../../peer/context.ts';
import { Heartbeat } from './heartbeat.ts';
import { ConnectionQuota, type QuotaLimits } from './quota.ts';
import { type SocketSession, serveSession } from './session-socket.ts';
import { refuseUpgrade, sourceOf, type TrustsProxy, type Upgrade, urlOf } from './upgrade.ts';

const HEARTBEAT_MS = 15_000;

/** A named refusal with its HTTP status and a text for people. */
export interface GateRefusal {
  readonly reason: string;
  readonly status: number;
  readonly text: string;
}

export interface SocketGateOptions<Asked, Guest> {
  /** What of a request's URL and headers matters; undefined: it is not for this door. */
  read(request: IncomingMessage): Asked | undefined;
  readonly limits: QuotaLimits;
  /** Largest message, bytes. */
  readonly maxMessage: number;
  /** Time between WebSocket pings, ms; who misses two is gone. */
  readonly heartbeatMs?: number;
  /** Who may come in. Never rejects. */
  admit(asked: Asked): Promise<Result<Guest, GateRefusal>>;
  open(socket: SignalSocket, guest: Guest): SocketSession;
  readonly emit: EventSink;
  /** A bug in a session: its connection is closed, the others go on. */
  onFault(error: unknown): void;
  readonly trusts: TrustsProxy;
  /** Takes upgrades that are not for this door. */
  readonly otherwise: Upgrade;
}

/** A door for WebSockets, for holders of a token: who may not come in gets an HTTP status and a text, not a socket. */
export class SocketGate<Asked, Guest> {
  readonly #options: SocketGateOptions<Asked, Guest>;
  readonly #quota: ConnectionQuota;
  readonly #server: WebSocketServer;
  readonly #heartbeat: Heartbeat;
  #closed = false;

  constructor(options: SocketGateOptions<Asked, Guest>) {
    this.#options = options;
    this.#quota = new ConnectionQuota(options.limits);
    this.#server = new WebSocketServer({
      ...{ noServer: true, maxPayload: options.maxMessage, perMessageDeflate: false, clientTracking: true },
    });
    this.#heartbeat = new Heartbeat(this.#server.clients, options.heartbeatMs ?? HEARTBEAT_MS);
  }

  /** Open WebSockets, those in the door counted in. */
  get connections(): number {
    return this.#quota.open;
  }

  /** Node's `upgrade` event. */
  readonly upgrade: Upgrade = (request, socket, head) => {
    const { otherwise, read, trusts } = this.#options;
    const asked = read(request);
    if (asked === undefined) return otherwise(request, socket, head);
    socket.on('error', () => socket.destroy());
    const address = sourceOf(request, trusts);
    if (this.#closed) return this.#refuse(socket, address, STOPPING);
    if (!this.#quota.take(address)) return this.#refuse(socket, address, TOO_MANY);
    socket.once('close', () => this.#quota.release(address));
    this.#admit(asked, request, socket, head, address).catch((error: unknown) => {
      this.#options.onFault(error);
      socket.destroy();
    });
  };

  /** Lets nobody in any more; sessions end by themselves, and what is left after `graceMs` is cut off. */
  close(graceMs: number): void {
    this.#closed = true;
    this.#heartbeat.stop();
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, graceMs).unref();
  }

  async #admit(
    asked: Asked,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    const { admit, onFault, open } = this.#options;
    const admitted = await admit(asked);
    if (!admitted.ok) return this.#refuse(socket, address, admitted.error);
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      this.#heartbeat.watch(opened);
      serveSession(opened, address, (session) => open(session, admitted.value), onFault);
    });
  }

  #refuse(socket: Duplex, source: string, { reason, status, text }: GateRefusal): void {
    this.#options.emit({ type: 'signal.refused', source, reason, status });
    refuseUpgrade(socket, status, text);
  }
}

const STOPPING: GateRefusal = { reason: 'stopping', status: 503, text: 'the gateway is stopping' };
const TOO_MANY: GateRefusal = { reason: 'too-many-connections', status: 429, text: 'too many connections' };

/** What a door at one path reads: the token of `Authorization: Bearer`, or of the query's `access_token`. */
export interface TokenAsked {
  readonly token: string | undefined;
}

/** The {@link SocketGateOptions.read} of a door at `path`; a slash at the URL's end is passed over. */
export function tokenAt(path: string): (request: IncomingMessage) => TokenAsked | undefined {
  return (request) => {
    const url = urlOf(request);
    if (url?.pathname.replace(/\/$/, '') !== path) return undefined;
    return {
      token: bearerToken(request.headers.authorization) ?? url.searchParams.get('access_token') ?? undefined,
    };
  };
}
