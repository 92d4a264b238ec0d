interface Entry<T> {
  readonly address: string;
  readonly value: T;
}

/** Remote addresses and whose they are. Looking up makes no garbage: it happens for every packet. */
export class AddressTable<T> {
  readonly #byPort = new Map<number, Entry<T>[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: string, port: number): T | undefined {
    const entries = this.#byPort.get(port);
    if (entries === undefined) return undefined;
    for (const entry of entries) if (entry.address === address) return entry.value;
    return undefined;
  }

  /** The address belongs to `value` from now on, whosever it was. */
  set(address: string, port: number, value: T): void {
    if (this.get(address, port) === value) return;
    this.#remove(address, port);
    const entries = this.#byPort.get(port);
    if (entries === undefined) this.#byPort.set(port, [{ address, value }]);
    else entries.push({ address, value });
    this.#size++;
  }

  /** Forgets the address if it is still that of `value`. */
  delete(address: string, port: number, value: T): void {
    if (this.get(address, port) === value) this.#remove(address, port);
  }

  #remove(address: string, port: number): void {
    const entries = this.#byPort.get(port);
    const at = entries?.findIndex((entry) => entry.address === address) ?? -1;
    if (entries === undefined || at < 0) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#byPort.delete(port);
    this.#size--;
  }
}
