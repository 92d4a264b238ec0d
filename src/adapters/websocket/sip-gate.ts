import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { HostPort, MessageConnection } from '../../base/net.ts';
import { Heartbeat } from './heartbeat.ts';
import { ConnectionQuota } from './quota.ts';
import { plain, refuseUpgrade, sourceOf, type TrustsProxy, type Upgrade, urlOf } from './upgrade.ts';

/** Why nobody was let in; the label of a `dropped` event. */
export type SipGateRefusal = 'stopping' | 'too-many' | 'origin' | 'subprotocol';

export interface SipGateOptions {
  /** Of the URL, such as `/sip`. */
  readonly path: string;
  /** Pages that may connect, `https://phone.example.com`; empty: all, for digest proves who calls and not the page. */
  readonly origins: readonly string[];
  /** Does any trunk name this source for WebSockets? To others the path does not exist. */
  admits(remote: HostPort): boolean;
  accept(connection: MessageConnection): void;
  refused(reason: SipGateRefusal, source: string): void;
  readonly trusts?: TrustsProxy;
  /** Takes what is not for us. */
  readonly otherwise: Upgrade;
  readonly limits?: SipGateLimits;
}

export interface SipGateLimits {
  readonly connections: number;
  readonly perAddress: number;
  /** Largest message, bytes. */
  readonly message: number;
  /** Bytes that may wait for a client that does not read. */
  readonly queue: number;
  readonly heartbeatMs: number;
}

const LIMITS: SipGateLimits = {
  connections: 10_000,
  perAddress: 200,
  message: 65_536,
  queue: 262_144,
  heartbeatMs: 15_000,
};

const SUBPROTOCOL = 'sip';
/** RFC 6455 section 7.4.1: a message that breaks rules, and a server that goes. */
const POLICY = 1008;
const GOING_AWAY = 1001;

/** SIP's door for WebSockets (RFC 7118): only with subprotocol `sip`, only for sources that a trunk names. */
export class SipGate {
  readonly #options: SipGateOptions;
  readonly #limits: SipGateLimits;
  readonly #server: WebSocketServer;
  readonly #quota: ConnectionQuota;
  readonly #heartbeat: Heartbeat;
  #closed = false;

  constructor(options: SipGateOptions) {
    this.#options = options;
    this.#limits = options.limits ?? LIMITS;
    this.#quota = new ConnectionQuota(this.#limits);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: this.#limits.message,
      perMessageDeflate: false,
      clientTracking: true,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.#heartbeat = new Heartbeat(this.#server.clients, this.#limits.heartbeatMs);
  }

  readonly upgrade: Upgrade = (request, socket, head) => {
    const { path, admits, otherwise, refused, trusts = () => false } = this.#options;
    const remote = { address: sourceOf(request, trusts), port: request.socket.remotePort ?? 0 };
    if (urlOf(request)?.pathname !== path || !admits(remote)) {
      otherwise(request, socket, head);
      return;
    }
    socket.on('error', () => socket.destroy());
    const refusal = this.#refusal(request, remote.address);
    if (refusal !== undefined) {
      refused(refusal.reason, remote.address);
      refuseUpgrade(socket, refusal.status, refusal.text);
      return;
    }
    socket.once('close', () => this.#quota.release(remote.address));
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      const { localAddress = '', localPort = 0 } = request.socket;
      this.#open(opened, { address: plain(localAddress), port: localPort }, remote);
    });
  };

  /** Lets nobody in any more; what is open is cut off after `graceMs`. */
  close(graceMs: number): void {
    this.#closed = true;
    this.#heartbeat.stop();
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.close(GOING_AWAY);
    }, graceMs).unref();
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, 2 * graceMs).unref();
  }

  /** Takes a place when it is none. */
  #refusal(
    { headers }: IncomingMessage,
    address: string,
  ): { readonly reason: SipGateRefusal; readonly status: number; readonly text: string } | undefined {
    const { origins } = this.#options;
    if (this.#closed) return { reason: 'stopping', status: 503, text: 'the gateway is stopping' };
    if (origins.length > 0 && !origins.includes(headers.origin ?? '')) {
      return { reason: 'origin', status: 403, text: 'this page may not connect' };
    }
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      return { reason: 'subprotocol', status: 400, text: 'the subprotocol is sip' };
    }
    if (!this.#quota.take(address)) return { reason: 'too-many', status: 429, text: 'too many connections' };
    return undefined;
  }

  #open(socket: WebSocket, local: HostPort, remote: HostPort): void {
    const { queue } = this.#limits;
    const connection: MessageConnection = {
      local,
      remote,
      onMessage() {},
      onClose() {},
      send(bytes) {
        if (socket.readyState !== socket.OPEN) return;
        // Who does not read gets nothing more: SIP's own timers take care of its calls.
        if (socket.bufferedAmount > queue) socket.terminate();
        else socket.send(bytes, { binary: !isUtf8(bytes) });
      },
      close: () => socket.close(POLICY),
    };
    this.#heartbeat.watch(socket);
    // Text or binary (RFC 7118 section 4.2): one buffer each, for `ws` joins fragments.
    socket.on('message', (data) => connection.onMessage(data as Buffer));
    // Bad frames, messages that are too long, resets: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => connection.onClose());
    this.#options.accept(connection);
  }
}
