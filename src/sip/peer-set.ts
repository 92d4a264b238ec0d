/**
 * The addresses that calls of ours go to. They may answer, and speak in those calls, although no trunk names them as a
 * source of new ones.
 */
export class PeerSet {
  readonly #holds = new Map<string, number>();

  /** True while somebody holds `address`. */
  has(address: string): boolean {
    return this.#holds.has(address);
  }

  /** Holds `address`; the result lets go of it, once. */
  hold(address: string): () => void {
    this.#holds.set(address, (this.#holds.get(address) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#holds.get(address) ?? 1) - 1;
      if (left > 0) this.#holds.set(address, left);
      else this.#holds.delete(address);
    };
  }
}
