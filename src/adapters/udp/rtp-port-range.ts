import type { Clock, Millis } from '../../base/clock.ts';
import type { DatagramSocket } from '../../base/net.ts';
import type { RtpPortPair, RtpPorts } from '../../media/rtp-ports.ts';
import type { OpenUdp } from './udp.ts';

/** Pairs that are tried before a call is told that no port is free: others on the machine may hold some. */
const TRIES = 32;

/** A port that was given back is not handed out again for so long, ms: what was under way to it is gone by then. */
const REST_MS = 2000;

/**
 * Hands out even/odd pairs of a port range in turn, so that a port that was given back rests for as long as the range is
 * wide, and at least {@link REST_MS}: a late packet of the last call does not reach the next.
 */
export class RtpPortRange implements RtpPorts {
  readonly #address: string;
  readonly #first: number;
  readonly #pairs: number;
  readonly #taken = new Set<number>();
  /** When those that were given back may go out again, the earliest first. */
  readonly #resting = new Map<number, Millis>();
  readonly #clock: Clock;
  readonly #openUdp: OpenUdp;
  #next = 0;

  /** `first` … `last`, inclusive; an odd `first` begins at the next even port. */
  constructor(options: { address: string; first: number; last: number; openUdp: OpenUdp; clock: Clock }) {
    this.#clock = options.clock;
    this.#address = options.address;
    this.#first = options.first + (options.first & 1);
    this.#pairs = Math.max(0, (options.last - this.#first + 1) >> 1);
    this.#openUdp = options.openUdp;
  }

  get inUse(): number {
    return this.#taken.size;
  }

  open(opened: (pair: RtpPortPair | undefined) => void): void {
    void this.#open().then(opened);
  }

  release(pair: RtpPortPair): void {
    pair.rtp.close();
    pair.rtcp.close();
    const { port } = pair.rtp.local;
    this.#taken.delete(port);
    this.#resting.set(port, this.#clock.now() + REST_MS);
  }

  async #open(): Promise<RtpPortPair | undefined> {
    for (let tried = 0; tried < TRIES; tried++) {
      const port = this.#reserve();
      if (port === undefined) return undefined;
      const rtp = await this.#bind(port);
      const rtcp = rtp === undefined ? undefined : await this.#bind(port + 1);
      if (rtp !== undefined && rtcp !== undefined) return { rtp, rtcp };
      rtp?.close();
      this.#taken.delete(port);
    }
    return undefined;
  }

  #reserve(): number | undefined {
    const now = this.#clock.now();
    for (const [port, until] of this.#resting) {
      if (until > now) break;
      this.#resting.delete(port);
    }
    for (let i = 0; i < this.#pairs; i++) {
      const port = this.#first + 2 * this.#next;
      this.#next = (this.#next + 1) % this.#pairs;
      if (!this.#taken.has(port) && !this.#resting.has(port)) {
        this.#taken.add(port);
        return port;
      }
    }
    return undefined;
  }

  /** Undefined when the port is somebody else's: the next pair is tried. */
  async #bind(port: number): Promise<DatagramSocket | undefined> {
    try {
      return await this.#openUdp({ address: this.#address, port });
    } catch {
      return undefined;
    }
  }
}
