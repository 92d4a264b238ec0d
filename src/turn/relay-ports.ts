import type { Random } from '../base/random.ts';

/**
 * Which relay ports are taken. They are given out from a random point on, so that a port cannot be guessed
 * (RFC 8656 section 7.2, and RFC 6056).
 */
export class RelayPorts {
  readonly #first: number;
  readonly #size: number;
  readonly #random: Random;
  readonly #taken = new Set<number>();

  constructor([first, last]: readonly [number, number], random: Random) {
    this.#first = first;
    this.#size = last - first + 1;
    this.#random = random;
  }

  /** A free port, for EVEN-PORT an even one; undefined when none is left. */
  take(parity: 'any' | 'even'): number | undefined {
    if (this.#taken.size >= this.#size) return undefined;
    const start = this.#random.u32() % this.#size;
    for (let i = 0; i < this.#size; i++) {
      const port = this.#first + ((start + i) % this.#size);
      if (this.#taken.has(port) || (parity === 'even' && port % 2 === 1)) continue;
      this.#taken.add(port);
      return port;
    }
    return undefined;
  }

  /** A free even port whose next one is free too; both are taken then. */
  takePair(): number | undefined {
    const start = this.#random.u32() % this.#size;
    for (let i = 0; i < this.#size; i++) {
      const port = this.#first + ((start + i) % this.#size);
      if (port % 2 === 1 || port + 1 >= this.#first + this.#size) continue;
      if (this.#taken.has(port) || this.#taken.has(port + 1)) continue;
      this.#taken.add(port).add(port + 1);
      return port;
    }
    return undefined;
  }

  give(port: number): void {
    this.#taken.delete(port);
  }
}
