/** Makes packets of the agreed length of frames of 20 ms that are encoded already. */
import { OpusJoiner } from '../audio/opus-packet.ts';
import type { VoiceFormat } from '../audio/voice-format.ts';

/** A frame of the mix, ms. */
export const FRAME_MS = 20;
const MAX_PTIME_MS = 60;
/** G.711 and G.722: 64 kbit/s. */
const BYTES_PER_MS = 8;
/** The longest payload of any codec here, bytes: Opus is encoded at a quarter of it. */
export const MAX_PAYLOAD = 960;

/** Takes a packet: `bytes[start, end)`, lent, of `ms`. */
export type PacketSink = (bytes: Uint8Array, start: number, end: number, ms: number) => void;

/** One stream's packets. */
export interface Packetizer {
  /** Takes 20 ms of sound, and gives what is full to the sink. */
  push(payload: Uint8Array): void;
  /** Forgets what waits; answers how long it was, ms. */
  drop(): number;
}

/** Any multiple of 10 ms to 60; 20 when it is none. */
export function usablePtime(ptimeMs: number): number {
  return ptimeMs >= 10 && ptimeMs <= MAX_PTIME_MS && ptimeMs % 10 === 0 ? ptimeMs : FRAME_MS;
}

export function packetizer(format: VoiceFormat, ptimeMs: number, sink: PacketSink): Packetizer {
  return format.mime === 'audio/opus' ? new OpusPackets(ptimeMs, sink) : new OctetPackets(ptimeMs, sink);
}

/** Codecs whose stream may be cut at any byte. */
class OctetPackets implements Packetizer {
  readonly #size: number;
  readonly #ms: number;
  readonly #sink: PacketSink;
  readonly #waiting = new Uint8Array((MAX_PTIME_MS + FRAME_MS) * BYTES_PER_MS);
  #waits = 0;

  constructor(ptimeMs: number, sink: PacketSink) {
    this.#ms = usablePtime(ptimeMs);
    this.#size = this.#ms * BYTES_PER_MS;
    this.#sink = sink;
  }

  push(payload: Uint8Array): void {
    const frame = FRAME_MS * BYTES_PER_MS;
    if (this.#size === frame) {
      this.#sink(payload, 0, frame, FRAME_MS);
      return;
    }
    for (let i = 0; i < frame; i++) this.#waiting[this.#waits + i] = payload[i] ?? 0;
    this.#waits += frame;
    let from = 0;
    for (; this.#waits - from >= this.#size; from += this.#size)
      this.#sink(this.#waiting, from, from + this.#size, this.#ms);
    this.#waiting.copyWithin(0, from, this.#waits);
    this.#waits -= from;
  }

  drop(): number {
    const ms = this.#waits / BYTES_PER_MS;
    this.#waits = 0;
    return ms;
  }
}

/** Opus: a frame is what it is, so 10 ms cannot be had, and 20, 40 or 60 can. */
class OpusPackets implements Packetizer {
  readonly #frames: number;
  readonly #sink: PacketSink;
  readonly #joiner = new OpusJoiner(MAX_PAYLOAD);
  readonly #packet = new Uint8Array(MAX_PAYLOAD);

  constructor(ptimeMs: number, sink: PacketSink) {
    this.#frames = Math.max(1, Math.floor(usablePtime(ptimeMs) / FRAME_MS));
    this.#sink = sink;
  }

  push(payload: Uint8Array): void {
    if (this.#frames === 1) {
      this.#sink(payload, 0, payload.length, FRAME_MS);
      return;
    }
    if (!this.#joiner.push(payload)) {
      this.#flush();
      if (!this.#joiner.push(payload)) return;
    }
    if (this.#joiner.frames === this.#frames) this.#flush();
  }

  drop(): number {
    const ms = this.#joiner.frames * FRAME_MS;
    this.#joiner.drop();
    return ms;
  }

  #flush(): void {
    const ms = this.#joiner.frames * FRAME_MS;
    const size = this.#joiner.take(this.#packet);
    if (size > 0) this.#sink(this.#packet, 0, size, ms);
  }
}
