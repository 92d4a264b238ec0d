import type { DatagramSocket, HostPort } from '../../src/base/net.ts';
import type { Random } from '../../src/base/random.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';

/** Random numbers of a seed (xorshift32): a test that fails once fails again. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  u32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.u32() >>> 24);
  }

  /** 0 … 1, exclusive. */
  fraction(): number {
    return this.u32() / 0x1_0000_0000;
  }
}

/** What the virtual network does to a datagram; times in ms, `loss` and `duplicates` 0 … 1. */
export interface Weather {
  readonly delayMs: number;
  /** Added on top, uniformly drawn from 0 to this; packets overtake each other. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplicates: number;
}

/** UDP in virtual time: sockets by port, on one seeded network, and the clock that drives them. */
export class LossyNet {
  readonly queue = new WakeQueue();
  readonly random: SeededRandom;
  weather: Weather = { delayMs: 1, jitterMs: 0, loss: 0, duplicates: 0 };
  #now = 0;
  readonly #sockets = new Map<string, VirtualSocket>();
  #lastPort = 20_000;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  now(): number {
    return this.#now;
  }

  open(address = '10.0.0.1', port = ++this.#lastPort): VirtualSocket {
    const socket = new VirtualSocket(this, { address, port });
    this.#sockets.set(`${address}:${port}`, socket);
    return socket;
  }

  /** What is under way to it is lost. */
  forget({ local: { address, port } }: VirtualSocket): void {
    this.#sockets.delete(`${address}:${port}`);
  }

  /** Lets time pass to `until`, ringing what is due on the way. */
  run(until: number): void {
    for (let next = this.queue.next(); next <= until; next = this.queue.next()) {
      this.#now = Math.max(this.#now, next);
      this.queue.run(this.#now);
    }
    this.#now = until;
  }

  /** Calls `tick(now)` every `periodMs` from now on, `count` times, and lets all that time pass. */
  every(periodMs: number, count: number, tick: (now: number) => void): void {
    const start = this.#now;
    for (let i = 1; i <= count; i++) {
      this.run(start + i * periodMs);
      tick(this.#now);
    }
  }

  carry(bytes: Uint8Array, from: HostPort, to: HostPort): void {
    const { delayMs, jitterMs, loss, duplicates } = this.weather;
    if (this.random.fraction() < loss) return;
    const copy = bytes.slice();
    const times = this.random.fraction() < duplicates ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const at = this.#now + delayMs + jitterMs * this.random.fraction();
      this.queue.schedule(at, () => {
        const socket = this.#sockets.get(`${to.address}:${to.port}`);
        socket?.onDatagram(copy, from.address, from.port);
      });
    }
  }
}

/** A socket of {@link LossyNet}. */
export class VirtualSocket implements DatagramSocket {
  readonly queued = 0;
  readonly local: HostPort;
  readonly #net: LossyNet;
  onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};

  constructor(net: LossyNet, local: HostPort) {
    this.#net = net;
    this.local = local;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    this.#net.carry(bytes, this.local, { address, port });
  }

  close(): void {
    this.#net.forget(this);
  }
}
