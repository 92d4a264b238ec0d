import { connectTcp, listenTcp, type TcpListener } from '../adapters/tcp/tcp.ts';
import type { DatagramSocket, HostPort, StreamConnection } from '../base/net.ts';
import type { EventSink } from '../events/index.ts';
import { SipEndpoint, type SipEndpointOptions } from '../sip/endpoint.ts';
import type { Flow } from '../sip/ports.ts';
import { PONG, StreamFramer } from '../sip/stream-framer.ts';
import { openUdpOn } from './addresses.ts';
import { listening } from './startup-error.ts';

/** How long a connection of ours may take to open, ms. */
const CONNECT_MS = 5000;
/** Messages kept for a connection that is being opened. */
const MAX_WAITING = 64;

export interface SipServerOptions extends Omit<SipEndpointOptions, 'send' | 'openFlow' | 'emit'> {
  readonly listen: HostPort;
  /** Addresses of ours that others are told, the preferred one first. */
  readonly announced: readonly string[];
  readonly emit: EventSink;
}

interface Stream {
  connection: StreamConnection | undefined;
  waiting: Uint8Array[];
}

/** The SIP endpoint on real sockets: UDP and TCP on one port. */
export class SipServer {
  readonly endpoint: SipEndpoint;
  readonly #udp: DatagramSocket;
  readonly #streams = new Map<Flow, Stream>();
  readonly #emit: EventSink;
  #tcp: TcpListener | undefined;

  private constructor(udp: DatagramSocket, options: SipServerOptions) {
    this.#udp = udp;
    this.#emit = options.emit;
    this.endpoint = new SipEndpoint({
      ...options,
      send: (bytes, flow) => this.#send(bytes, flow),
      openFlow: ({ transport, remote }) => this.#flowTo(transport, remote),
    });
    udp.onDatagram = (bytes, address, port) =>
      this.endpoint.receive(bytes, { transport: 'udp', local: udp.local, remote: { address, port } });
  }

  /** Binds both. Rejects with a StartupError. */
  static async open(options: SipServerOptions): Promise<SipServer> {
    const udp = await listening('sip.port', () => openUdpOn(options.listen, options.announced));
    const server = new SipServer(udp, options);
    try {
      // Port 0: TCP takes what UDP was given.
      const local = { address: options.listen.address, port: udp.local.port };
      server.#tcp = await listening('sip.port', () =>
        listenTcp(local, {
          accept: (connection) => server.#accept(connection),
          refused: (reason, source) =>
            options.emit({
              type: 'dropped',
              where: 'sip',
              reason: `connections-${reason}`,
              count: 1,
              source,
            }),
        }),
      );
    } catch (error) {
      udp.close();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#udp.local.port;
  }

  async close(): Promise<void> {
    this.endpoint.abandon();
    for (const { connection } of this.#streams.values()) connection?.close();
    this.#udp.close();
    await this.#tcp?.close();
  }

  #send(bytes: Uint8Array, flow: Flow): void {
    if (flow.transport === 'udp') {
      this.#udp.send(bytes, flow.remote.port, flow.remote.address);
      return;
    }
    const stream = this.#streams.get(flow);
    if (stream?.connection !== undefined) stream.connection.write(bytes);
    else if (stream !== undefined && stream.waiting.length < MAX_WAITING) stream.waiting.push(bytes);
  }

  #accept(connection: StreamConnection): void {
    const flow: Flow = { transport: 'tcp', local: connection.local, remote: connection.remote };
    this.#streams.set(flow, { connection, waiting: [] });
    this.#read(connection, flow);
  }

  #read(connection: StreamConnection, flow: Flow): void {
    const framer = new StreamFramer({
      message: (bytes) => this.endpoint.receive(bytes, flow),
      ping: () => connection.write(PONG),
    });
    connection.onData = (bytes) => {
      const fault = framer.push(bytes);
      if (fault === undefined) return;
      this.#emit({
        type: 'dropped',
        where: 'sip',
        reason: fault,
        count: 1,
        source: connection.remote.address,
      });
      connection.close();
    };
    connection.onClose = () => this.#closed(flow);
  }

  #closed(flow: Flow): void {
    this.#streams.delete(flow);
    this.endpoint.flowClosed(flow);
  }

  #flowTo(transport: Flow['transport'], remote: HostPort): Flow | undefined {
    if (transport === 'udp') return { transport, local: this.#udp.local, remote };
    if (transport !== 'tcp') return undefined;
    for (const flow of this.#streams.keys()) {
      if (flow.remote.address === remote.address && flow.remote.port === remote.port) return flow;
    }
    const flow: Flow = { transport, local: this.#udp.local, remote };
    const stream: Stream = { connection: undefined, waiting: [] };
    this.#streams.set(flow, stream);
    connectTcp(remote, CONNECT_MS).then(
      (connection) => {
        stream.connection = connection;
        this.#read(connection, flow);
        for (const bytes of stream.waiting.splice(0)) connection.write(bytes);
      },
      () => this.#closed(flow),
    );
    return flow;
  }
}
