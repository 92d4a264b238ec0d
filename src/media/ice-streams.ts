import type { Clock, Millis } from '../base/clock.ts';
import type { StreamConnection } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { framedPacket, PacketFramer } from '../ice/packet-framer.ts';
import type { DropCounter } from './drop-counter.ts';
import type { Mux, MuxPeer, MuxStream } from './mux.ts';

/** A connection on which no check was good by then is closed. */
const PROOF_DEADLINE: Millis = 10_000;
/** Bytes waiting above which media is dropped: half a second of one video. */
const CONGESTED_BYTES = 131_072;

/** Frames packets, and tells its peer when it ends. */
class IceStream implements MuxStream {
  readonly address: string;
  readonly port: number;
  peer: MuxPeer | undefined;
  readonly #connection: StreamConnection;
  #closed = false;

  constructor(connection: StreamConnection) {
    this.#connection = connection;
    this.address = connection.remote.address;
    this.port = connection.remote.port;
  }

  get congested(): boolean {
    return this.#connection.queued > CONGESTED_BYTES;
  }

  send(packet: Uint8Array): void {
    if (!this.#closed) this.#connection.write(framedPacket(packet));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  /** It has ended, from either side: nothing is sent any more. */
  ended(): void {
    this.#closed = true;
    this.peer?.onStreamClosed(this);
    this.peer = undefined;
  }
}

/** The passive side of ICE over TCP (RFC 6544): packets of connections go where those of the UDP socket go. */
export class IceStreams {
  readonly #mux: Mux;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #drops: DropCounter;
  readonly #open = new Map<IceStream, Alarm | undefined>();

  constructor(options: { mux: Mux; clock: Clock; timers: Timers; drops: DropCounter }) {
    this.#mux = options.mux;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#drops = options.drops;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes the connection's receivers. */
  accept(connection: StreamConnection): void {
    const stream = new IceStream(connection);
    const framer = new PacketFramer((packet) => this.#mux.receive(packet, stream));
    connection.onData = (bytes) => {
      if (framer.push(bytes)) return;
      this.#drops.count('mux', 'tcp-bad-frame');
      stream.close();
    };
    connection.onClose = () => {
      framer.stop();
      this.#timers.cancel(this.#open.get(stream));
      this.#open.delete(stream);
      this.#mux.forgetEarly(stream);
      stream.ended();
    };
    const deadline = this.#timers.schedule(this.#clock.now() + PROOF_DEADLINE, () => {
      this.#open.set(stream, undefined);
      if (stream.peer !== undefined) return;
      this.#drops.count('mux', 'tcp-unproven');
      stream.close();
    });
    this.#open.set(stream, deadline);
  }

  /** Closes every connection. */
  close(): void {
    for (const stream of [...this.#open.keys()]) stream.close();
  }
}
