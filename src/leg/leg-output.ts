/** What a leg sends: frames of 20 ms come in, packets of the agreed length go out, keys take the sound's place. */
import { G711_SILENCE, type G711Law } from '../audio/g711.ts';
import type { DatagramSocket, HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import { DtmfSender } from '../rtp/dtmf.ts';
import { type Marker, RtpSender } from '../rtp/sender.ts';
import type { LegDescription } from './description.ts';

const FRAME_BYTES = 160;
const FRAME_MS = 20;
const BYTES_PER_MS = 8;
const MAX_PTIME_MS = 60;

/** One leg's outgoing stream. */
export class LegOutput {
  readonly sender: RtpSender;
  readonly #socket: DatagramSocket;
  readonly #keys = new DtmfSender();
  /** Encoded sound that waits to fill a packet. */
  readonly #waiting = new Uint8Array(MAX_PTIME_MS * BYTES_PER_MS + FRAME_BYTES);
  #waits = 0;
  #marker: Marker = 'marker';
  #packetBytes = FRAME_BYTES;
  #payloadType = 0;
  #dtmfType: number | undefined;
  #open = false;
  /** Undefined before {@link apply}. */
  law: G711Law | undefined;
  /** Told of each packet that the kernel had no room for. */
  readonly #onCongested: () => void;

  constructor(socket: DatagramSocket, random: Random, onCongested: () => void) {
    this.#socket = socket;
    this.#onCongested = onCongested;
    this.sender = new RtpSender(random, MAX_PTIME_MS * BYTES_PER_MS);
  }

  /** Packets of the agreed time: any multiple of 10 ms to 60; 20 when it is none. */
  apply(law: G711Law, media: LegDescription): void {
    const ptime = media.ptimeMs;
    const usable = ptime >= 10 && ptime <= MAX_PTIME_MS && ptime % 10 === 0 ? ptime : FRAME_MS;
    if (law !== this.law) this.#waits = 0;
    this.law = law;
    this.#packetBytes = usable * BYTES_PER_MS;
    this.#payloadType = media.codec.payloadType;
    this.#dtmfType = media.dtmfOut;
    const open = media.direction === 'sendrecv' || media.direction === 'sendonly';
    if (open && !this.#open) this.#marker = 'marker';
    this.#open = open;
  }

  press(digit: string, durationMs: number): boolean {
    return this.#dtmfType !== undefined && this.#keys.press(digit, durationMs);
  }

  /** 20 ms of encoded sound. The clock runs on while nothing may be sent. */
  frame(payload: Uint8Array, to: HostPort | undefined): void {
    if (!this.#open || to === undefined || nowhere(to)) {
      this.sender.advance(FRAME_BYTES + this.#waits);
      this.#waits = 0;
      return;
    }
    if (this.#dtmfType !== undefined && this.#keys.pending > 0) {
      // Sound that waited would come out of order behind the key: its time has passed.
      this.sender.advance(this.#waits);
      this.#waits = 0;
      const packet = this.#keys.poll(this.sender, this.#dtmfType, FRAME_MS, BYTES_PER_MS);
      if (packet !== undefined) {
        this.sender.advance(FRAME_BYTES);
        this.#marker = 'marker';
        this.#send(packet, to);
        return;
      }
    }
    if (this.#waits === 0 && this.#packetBytes === FRAME_BYTES) {
      this.#packet(payload, 0, FRAME_BYTES, to);
      return;
    }
    const silence = this.law === undefined ? 0 : G711_SILENCE[this.law];
    for (let i = 0; i < FRAME_BYTES; i++) this.#waiting[this.#waits + i] = payload[i] ?? silence;
    this.#waits += FRAME_BYTES;
    let from = 0;
    for (; this.#waits - from >= this.#packetBytes; from += this.#packetBytes) {
      this.#packet(this.#waiting, from, from + this.#packetBytes, to);
    }
    this.#waiting.copyWithin(0, from, this.#waits);
    this.#waits -= from;
  }

  #packet(payload: Uint8Array, start: number, end: number, to: HostPort): void {
    const packet = this.sender.packet(payload, start, end, this.#payloadType, this.#marker);
    this.#marker = 'no-marker';
    this.sender.advance(end - start);
    this.#send(packet, to);
  }

  #send(packet: Uint8Array, to: HostPort): void {
    // The ring of buffers allows a few to be under way; with more the kernel is choking and late sound is no use.
    if (this.#socket.queued >= 4) {
      this.#onCongested();
      return;
    }
    this.#socket.send(packet, to.port, to.address);
  }
}

/** RFC 3264 section 8.4: `c=0.0.0.0` is the old way to hold; port 0 is no media at all. */
function nowhere(to: HostPort): boolean {
  return to.port === 0 || to.address === '0.0.0.0' || to.address === '::';
}
