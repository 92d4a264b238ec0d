import type { Certificates } from '../adapters/tcp/certificates.ts';
import type { TcpListener } from '../adapters/tcp/door.ts';
import { connectTcp, listenTcp } from '../adapters/tcp/tcp.ts';
import { type ClientCertificates, connectTls, listenTls } from '../adapters/tcp/tls.ts';
import { type OpenUdp, openUdp } from '../adapters/udp/udp.ts';
import type { DatagramSocket, HostPort } from '../base/net.ts';
import type { EventSink } from '../events/index.ts';
import { SipEndpoint, type SipEndpointOptions } from '../sip/endpoint.ts';
import type { Flow, NextHop } from '../sip/ports.ts';
import { isWebSocket } from '../sip/web-socket.ts';
import { openUdpOn } from './addresses.ts';
import { listenAddress } from './local-addresses.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { PING, SipStreams } from './sip-streams.ts';
import { SipWebSockets } from './sip-websockets.ts';
import { listening } from './startup-error.ts';

/** How long a connection of ours may take to open, ms. */
const CONNECT_MS = 5000;

export interface SipServerOptions extends Omit<SipEndpointOptions, 'send' | 'openFlow' | 'emit'> {
  readonly listen: HostPort;
  /** Addresses of ours that others are told, the preferred one first. */
  readonly announced: readonly string[];
  /** Absent: it listens on the addresses that there are at the start. */
  readonly own?: OwnAddresses;
  readonly emit: EventSink;
  /** How its UDP sockets are made; by default by Node. Those that tell when datagrams came let it see that it has too much to do. */
  readonly openUdp?: OpenUdp;
  /** Code point of SIP over connections; over UDP it is for `openUdp` to mark. */
  readonly dscp?: number;
  /** Absent: no TLS, neither in nor out. */
  readonly tls?: SipTls | undefined;
}

export interface SipTls {
  readonly listen: HostPort;
  readonly certificates: Certificates;
  readonly clientCertificates: ClientCertificates;
  /** Of servers that we connect to. */
  readonly verify: 'peer' | 'skip';
}

/** The SIP endpoint on real sockets: UDP and TCP on one port, TLS on another. */
export class SipServer {
  readonly endpoint: SipEndpoint;
  /** Whoever has an HTTP port brings WebSockets here. */
  readonly webSockets: SipWebSockets;
  readonly #udp: DatagramSocket;
  #lastFlow: Flow;
  readonly #streams: SipStreams;
  readonly #options: SipServerOptions;
  readonly #listeners: TcpListener[] = [];

  private constructor(udp: DatagramSocket, options: SipServerOptions) {
    this.#udp = udp;
    this.#lastFlow = { transport: 'udp', local: udp.local, remote: { address: '', port: 0 } };
    this.#options = options;
    this.endpoint = new SipEndpoint({
      ...options,
      send: (bytes, flow) => {
        if (flow.transport === 'udp') udp.send(bytes, flow.remote.port, flow.remote.address);
        else if (isWebSocket(flow)) this.webSockets.send(bytes, flow);
        else this.#streams.send(bytes, flow);
      },
      openFlow: (next) => this.#flowTo(next),
      aliased: (flow, port) => this.#streams.alias(flow, port),
    });
    const flows = {
      ...options,
      receive: (bytes: Uint8Array, flow: Flow) => this.endpoint.receive(bytes, flow),
      closed: (flow: Flow) => this.endpoint.flowClosed(flow),
    };
    this.#streams = new SipStreams(flows);
    this.webSockets = new SipWebSockets(flows);
    udp.onDatagram = (bytes, address, port, cameAt) =>
      this.endpoint.receive(bytes, this.#flowFrom(address, port), cameAt);
  }

  /** Most often who spoke last speaks again: a carrier's calls share what says where they come from. */
  #flowFrom(address: string, port: number): Flow {
    const { remote } = this.#lastFlow;
    if (remote.port !== port || remote.address !== address)
      this.#lastFlow = { transport: 'udp', local: this.#udp.local, remote: { address, port } };
    return this.#lastFlow;
  }

  /** Binds all of them. Rejects with a StartupError, and nothing stays open. */
  static async open(options: SipServerOptions): Promise<SipServer> {
    const udp = await listening('sip.port', () =>
      openUdpOn(options.listen, options.announced, options.openUdp ?? openUdp, options.own),
    );
    const server = new SipServer(udp, options);
    try {
      await server.#listen();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#udp.local.port;
  }

  /** The port of TLS; undefined when there is none. */
  get tlsPort(): number | undefined {
    return this.#listeners[1]?.local.port;
  }

  async close(): Promise<void> {
    this.endpoint.abandon();
    this.#streams.close();
    this.webSockets.close();
    this.#udp.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #listen(): Promise<void> {
    const { listen, tls } = this.#options;
    // Port 0: TCP takes what UDP was given.
    const local = { address: listenAddress(listen.address), port: this.port };
    this.#listeners.push(await listening('sip.port', () => listenTcp(local, this.#door('tcp'))));
    if (tls === undefined) return;
    this.#listeners.push(
      await listening('sip_tls.port', () => listenTls(tls.listen, { ...tls, ...this.#door('tls') })),
    );
  }

  /** Strangers are not let as far as a handshake, which costs a signature. */
  #door(transport: 'tcp' | 'tls') {
    const { emit, listen, dscp } = this.#options;
    return {
      dscp,
      admits: (remote: HostPort) => this.endpoint.admits({ transport, local: listen, remote }),
      accept: (connection: Parameters<SipStreams['accept']>[1]) =>
        this.#streams.accept(transport, connection),
      refused: (reason: string, source: string) =>
        emit({ type: 'dropped', where: 'sip', reason: `connections-${reason}`, count: 1, source }),
    };
  }

  /** Keeps the way to a far end open: a double CRLF, which it answers over connections, if it knows it (RFC 5626 section 3.5.1). */
  ping(next: NextHop): void {
    const flow = this.#flowTo(next);
    if (flow === undefined) return;
    if (flow.transport === 'udp') this.#udp.send(PING, flow.remote.port, flow.remote.address);
    else this.#streams.ping(flow);
  }

  #flowTo({ transport, remote, name = remote.address }: NextHop): Flow | undefined {
    const { local } = this.#udp;
    const { tls, dscp } = this.#options;
    if (transport === 'udp') return { transport, local, remote };
    if (transport === 'tcp') {
      return this.#streams.flowTo({ transport, remote, name }, local, () =>
        connectTcp(remote, CONNECT_MS, dscp),
      );
    }
    if (transport !== 'tls' || tls === undefined) return undefined;
    return this.#streams.flowTo({ transport, remote, name }, local, () =>
      connectTls(remote, { ...tls, name, dscp, timeoutMs: CONNECT_MS }),
    );
  }
}
