import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import type { SignalSocket } from '../../peer/context.ts';
import { Heartbeat } from './heartbeat.ts';
import { ConnectionQuota, type QuotaLimits } from './quota.ts';
import { type SocketSession, serveSession } from './session-socket.ts';
import { refuseUpgrade, sourceOf, type TrustsProxy } from './upgrade.ts';

const HEARTBEAT_MS = 15_000;

/** Node's `upgrade` event. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A named refusal with its HTTP status and a text for people. */
export interface GateRefusal {
  readonly reason: string;
  readonly status: number;
  readonly text: string;
}

export interface SocketGateOptions<Guest> {
  /** The path of the URL; a slash at its end is passed over. */
  readonly path: string;
  readonly limits: QuotaLimits;
  /** Largest message, bytes. */
  readonly maxMessage: number;
  /** Whom a token lets in: that of `Authorization: Bearer`, or of the query's `access_token`. Never rejects. */
  admit(token: string | undefined): Promise<Result<Guest, GateRefusal>>;
  open(socket: SignalSocket, guest: Guest): SocketSession;
  readonly emit: EventSink;
  /** A bug in a session: its connection is closed, the others go on. */
  onFault(error: unknown): void;
  readonly trusts: TrustsProxy;
  /** Takes upgrades of other paths. */
  readonly otherwise: Upgrade;
}

/** A door for WebSockets at one path, for holders of a token: who may not come in gets an HTTP status and a text. */
export class SocketGate<Guest> {
  readonly #options: SocketGateOptions<Guest>;
  readonly #quota: ConnectionQuota;
  readonly #server: WebSocketServer;
  readonly #heartbeat: Heartbeat;
  #closed = false;

  constructor(options: SocketGateOptions<Guest>) {
    this.#options = options;
    this.#quota = new ConnectionQuota(options.limits);
    this.#server = new WebSocketServer({
      ...{ noServer: true, maxPayload: options.maxMessage, perMessageDeflate: false, clientTracking: true },
    });
    this.#heartbeat = new Heartbeat(this.#server.clients, HEARTBEAT_MS);
  }

  /** Node's `upgrade` event. */
  readonly upgrade: Upgrade = (request, socket, head) => {
    const { otherwise, path, trusts } = this.#options;
    const url = request.url ?? '';
    if (url.split('?', 1)[0]!.replace(/\/$/, '') !== path) return otherwise(request, socket, head);
    socket.on('error', () => socket.destroy());
    const address = sourceOf(request, trusts);
    if (this.#closed) return this.#refuse(socket, address, STOPPING);
    if (!this.#quota.take(address)) return this.#refuse(socket, address, TOO_MANY);
    socket.once('close', () => this.#quota.release(address));
    this.#admit(request, socket, head, address).catch((error: unknown) => {
      this.#options.onFault(error);
      socket.destroy();
    });
  };

  /** Lets nobody in any more; what is open is cut off after `graceMs`. */
  close(graceMs: number): void {
    this.#closed = true;
    this.#heartbeat.stop();
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, graceMs).unref();
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<void> {
    const { admit, onFault, open } = this.#options;
    const admitted = await admit(tokenOf(request));
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

function tokenOf({ headers, url = '' }: IncomingMessage): string | undefined {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return (
    headers.authorization?.match(/^Bearer (\S+)$/)?.[1] ??
    new URLSearchParams(query).get('access_token') ??
    undefined
  );
}
