import type { DatagramSocket } from '../../base/net.ts';
import type { SealingWay } from '../../base/sealing-way.ts';

/** Where a {@link MovingWay} learns which socket it is to take. */
export interface Moves {
  /** Another number whenever some peer's packets are to go out by another socket than before. */
  readonly count: number;
  /** The one for this way's peer; undefined: there is none. */
  find(): DatagramSocket | undefined;
  /** Calls `changed` whenever {@link find} may answer otherwise for this way's peer; answers how to end that. */
  watch(changed: () => void): () => void;
  /** A way on that socket; undefined when it has none. */
  open(socket: DatagramSocket): SealingWay | undefined;
}

/** Packets to one peer that go out by the socket on which it spoke to us last, whichever that becomes. */
export class MovingWay implements SealingWay {
  readonly #moves: Moves;
  #seen: number;
  #socket: DatagramSocket | undefined;
  #by: SealingWay | undefined;
  #closed = false;
  #moved: () => void = () => {};
  #unwatch: (() => void) | undefined;

  private constructor(moves: Moves, socket: DatagramSocket, by: SealingWay) {
    this.#moves = moves;
    this.#seen = moves.count;
    this.#socket = socket;
    this.#by = by;
  }

  /** Undefined where the peer's socket has no such way: sockets of one kind are made alike. */
  static open(moves: Moves): MovingWay | undefined {
    const socket = moves.find();
    const by = socket && moves.open(socket);
    return socket && by && new MovingWay(moves, socket, by);
  }

  lend(): Uint8Array | undefined {
    if (this.#seen !== this.#moves.count) this.#follow();
    return this.#by?.lend();
  }

  commit(headerEnd: number, length: number, index: number): boolean {
    return this.#by?.commit(headerEnd, length, index) ?? false;
  }

  steady(moved: () => void): SealingWay | undefined {
    if (this.#seen !== this.#moves.count) this.#follow();
    const by = this.#by?.steady?.(moved);
    if (by === undefined) return undefined;
    this.#moved = moved;
    this.#unwatch ??= this.#moves.watch(() => {
      if (this.#moves.find() !== this.#socket) this.#moved();
    });
    return by;
  }

  close(): void {
    this.#closed = true;
    this.#unwatch?.();
    this.#by?.close();
    this.#by = undefined;
  }

  #follow(): void {
    this.#seen = this.#moves.count;
    const socket = this.#moves.find();
    if (socket === this.#socket || this.#closed) return;
    this.#by?.close();
    this.#socket = socket;
    this.#by = socket && this.#moves.open(socket);
  }
}
