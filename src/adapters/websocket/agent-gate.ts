import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WorkerRefusal } from '../../api/agents/admission.ts';
import type { Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import type { SignalSocket } from '../../peer/context.ts';
import { Heartbeat } from './heartbeat.ts';
import { ConnectionQuota } from './quota.ts';
import { type SocketSession, serveSession } from './session-socket.ts';
import { refuseUpgrade, sourceOf, type TrustsProxy } from './upgrade.ts';

/** Where LiveKit's agents framework connects; some versions leave a slash at the end. */
const PATH = /^\/agent\/?(?:\?|$)/;
const LIMITS = { connections: 2000, perAddress: 500 };
/** Largest message, bytes: an answer with metadata and attributes. */
const MAX_MESSAGE = 512 * 1024;
const HEARTBEAT_MS = 15_000;

export interface AgentGateOptions {
  /** Whom a token lets in: the API key that signed it. Never rejects. */
  admit(token: string | undefined): Promise<Result<string, WorkerRefusal>>;
  open(socket: SignalSocket, key: string): SocketSession;
  readonly emit: EventSink;
  onFault(error: unknown): void;
  readonly trusts: TrustsProxy;
  /** Takes upgrades of other paths. */
  readonly otherwise: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** The door for workers of LiveKit's agents framework: a WebSocket at `/agent`. */
export class AgentGate {
  readonly #options: AgentGateOptions;
  readonly #quota = new ConnectionQuota(LIMITS);
  readonly #server = new WebSocketServer({
    ...{ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false, clientTracking: true },
  });
  readonly #heartbeat = new Heartbeat(this.#server.clients, HEARTBEAT_MS);
  #closed = false;

  constructor(options: AgentGateOptions) {
    this.#options = options;
  }

  /** Node's `upgrade` event. */
  readonly upgrade: AgentGateOptions['otherwise'] = (request, socket, head) => {
    if (!PATH.test(request.url ?? '')) return this.#options.otherwise(request, socket, head);
    socket.on('error', () => socket.destroy());
    const address = sourceOf(request, this.#options.trusts);
    if (this.#closed) return this.#refuse(socket, address, 'stopping', 503, 'the gateway is stopping');
    if (!this.#quota.take(address))
      return this.#refuse(socket, address, 'too-many-connections', 429, 'too many connections');
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
    const token = request.headers.authorization?.match(/^Bearer (\S+)$/)?.[1];
    const admitted = await admit(token);
    if (!admitted.ok) {
      const { reason, status, text } = admitted.error;
      return this.#refuse(socket, address, reason, status, text);
    }
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      this.#heartbeat.watch(opened);
      serveSession(opened, (session) => open(session, admitted.value), onFault);
    });
  }

  #refuse(socket: Duplex, source: string, reason: string, status: number, text: string): void {
    this.#options.emit({ type: 'signal.refused', source, reason, status });
    refuseUpgrade(socket, status, text);
  }
}
