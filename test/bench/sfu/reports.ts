import type { DatagramSocket } from '../../../src/base/net.ts';
import { RtcpWriter } from '../../../src/rtp/rtcp/write.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import { PROFILE, toGateway } from './packets.ts';

/** Longest compound that a peer of the bench sends, sealed, bytes. */
const COMPOUND = 1500;
const buffer = new Uint8Array(COMPOUND);

/** One peer's reports to the gateway, under its keys. */
export class Reports {
  readonly #socket: DatagramSocket;
  readonly #port: number;
  readonly #sealer = new SrtpSealer(PROFILE, toGateway, srtpEngines.at(-1)?.make);

  /** To the gateway's `port`. */
  constructor(socket: DatagramSocket, port: number) {
    this.#socket = socket;
    this.#port = port;
  }

  /** Sends what `write` writes. */
  send(write: (writer: RtcpWriter) => void): void {
    const writer = new RtcpWriter(buffer);
    write(writer);
    const sealed = this.#sealer.sealRtcp(buffer, writer.length);
    if (typeof sealed === 'string') throw new Error(sealed);
    this.#socket.send(buffer.subarray(0, sealed), this.#port, '127.0.0.1');
  }
}

/** Something that a peer does again and again, not all peers at once. */
export class Cadence {
  readonly #every: number;
  #next: number;

  /** `every`, ms; `phase`, 0 … 1. */
  constructor(every: number, phase: number, now: number) {
    this.#every = every;
    this.#next = now + phase * every;
  }

  /** It is due; ask often. */
  isDue(now: number): boolean {
    if (now < this.#next) return false;
    this.#next += this.#every;
    return true;
  }
}

/** Spreads so many peers over a period, 0 … 1: the golden ratio's multiples lie apart however many there are. */
export const phaseOf = (peer: number): number => (peer * 0.618_033_988_749) % 1;
