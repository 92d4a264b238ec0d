/**
 * Puts a stream of RTP packets back in order and holds each until its time. Time-based: a packet's lateness is its
 * transit (arrival minus timestamp) above the least transit of the last seconds; the delay aimed at is the peak of
 * that, which rises at once and sinks slowly. Order, gaps and duplicates are judged by timestamp, so any packet time
 * will do and telephone-events in between do no harm. Nothing here knows samples: the owner decodes, and says how far
 * it got.
 */
import type { Millis } from '../base/clock.ts';
import { timestampDelta } from '../base/sequence.ts';
import type { RtpView } from './packet.ts';
import { type JitterOptions, PlayoutDelay } from './playout-delay.ts';

/** What became of a packet: kept, or dropped and why. `probation`: a stray from another stream, or the first of a new one. */
export type JitterOutcome = 'kept' | 'duplicate' | 'late' | 'oversize' | 'probation';

/** What to do next: decode `head`; hide `gap` ticks; hide a frame, for nothing is there; or be silent. */
export type JitterStep = 'packet' | 'gap' | 'empty' | 'wait';

/** A kept packet. Its bytes are the buffer's own until the packet is taken. */
export interface JitterPacket {
  /** RTP timestamp, unwrapped. */
  readonly timestamp: number;
  readonly payloadType: number;
  readonly payload: Uint8Array;
}

interface Slot {
  timestamp: number;
  payloadType: number;
  payload: Uint8Array;
  store: Uint8Array;
}

const CAPACITY = 64;
const MAX_PAYLOAD = 1500;
/** A stream that was missed for so long has stopped: what comes next starts afresh. */
const STOPPED_MS = 200;
/** A transit that is so far off belongs to another timeline (a jump of the timestamp). */
const JUMP_MS = 1000;

/** One stream's jitter buffer: bounded, never throws. */
export class JitterBuffer {
  readonly #delay: PlayoutDelay;
  readonly #ticksPerMs: number;
  readonly #stoppedTicks: number;
  readonly #queue: Slot[] = [];
  readonly #free: Slot[] = [];
  #ssrc = -1;
  #lastTimestamp = 0;
  #unwrapped = 0;
  /** Next timestamp to decode. */
  #position = 0;
  /** Ticks hidden since `#position`. */
  #hidden = 0;
  #state: 'idle' | 'starting' | 'playing' = 'idle';
  #startAt: Millis = 0;
  #probationSsrc = -1;
  #probationTimestamp = 0;
  #probationAt: Millis = 0;
  /** Packets that came after their time, or were thrown away to catch up. */
  late = 0;

  constructor(options: JitterOptions) {
    this.#delay = new PlayoutDelay(options);
    this.#ticksPerMs = options.clockRate / 1000;
    this.#stoppedTicks = STOPPED_MS * this.#ticksPerMs;
  }

  /** Packets held. */
  get length(): number {
    return this.#queue.length;
  }

  /** The delay aimed at, ms. */
  get targetMs(): number {
    return this.#delay.targetMs;
  }

  /** The next packet; only after {@link poll} said `packet` or `gap`. */
  get head(): JitterPacket {
    return this.#queue[0]!;
  }

  /** Ticks still to hide before `head`; only after {@link poll} said `gap`. */
  get gap(): number {
    return this.#queue[0]!.timestamp - this.#position - this.#hidden;
  }

  /** Takes a packet in; its payload is copied. */
  push(view: RtpView, now: Millis): JitterOutcome {
    const size = view.payloadEnd - view.payloadStart;
    if (size > MAX_PAYLOAD) return 'oversize';
    if (this.#ssrc === -1) this.#restart(view, now);
    else if (view.ssrc !== this.#ssrc) {
      if (this.#state !== 'idle' && !this.#confirmed(view, now)) return 'probation';
      this.#restart(view, now);
    }
    let timestamp = this.#unwrapped + timestampDelta(view.timestamp, this.#lastTimestamp);
    if (Math.abs(this.#delay.lateness(now, timestamp)) > JUMP_MS) {
      if (this.#state === 'playing' && !this.#confirmed(view, now)) return 'probation';
      this.#restart(view, now);
      timestamp = this.#unwrapped;
    }
    this.#probationSsrc = -1;
    if (timestamp > this.#unwrapped) {
      this.#unwrapped = timestamp;
      this.#lastTimestamp = view.timestamp;
    }
    this.#delay.observe(now, timestamp);
    if (this.#state === 'playing' && timestamp < this.#position) {
      this.late++;
      return 'late';
    }
    if (!this.#insert(view, timestamp, size)) return 'duplicate';
    if (this.#state === 'idle') {
      this.#state = 'starting';
      this.#startAt = this.#delay.startAt(now, timestamp);
    }
    return 'kept';
  }

  /**
   * Learns from a packet of the present stream that nobody is to hear, with its RTP timestamp: it is not kept. Only while
   * stopped ({@link stop}).
   */
  overhear(rtpTimestamp: number, now: Millis): void {
    let timestamp = this.#unwrapped + timestampDelta(rtpTimestamp, this.#lastTimestamp);
    if (Math.abs(this.#delay.lateness(now, timestamp)) > JUMP_MS) {
      timestamp = rtpTimestamp;
      this.#delay.restart(now, timestamp);
      this.#unwrapped = timestamp;
      this.#lastTimestamp = rtpTimestamp;
    } else if (timestamp > this.#unwrapped) {
      this.#unwrapped = timestamp;
      this.#lastTimestamp = rtpTimestamp;
    }
    this.#delay.observe(now, timestamp);
  }

  /** What the owner should do to have more samples at `now`. */
  poll(now: Millis): JitterStep {
    if (this.#state === 'idle') return 'wait';
    if (this.#state === 'starting') {
      if (now < this.#startAt) return 'wait';
      this.#state = 'playing';
      this.#position = this.#queue[0]!.timestamp;
      this.#hidden = 0;
    }
    const head = this.#queue[0];
    if (head === undefined) {
      if (this.#hidden < this.#stoppedTicks) return 'empty';
      this.#state = 'idle';
      return 'wait';
    }
    if (head.timestamp - this.#position > this.#hidden) return 'gap';
    this.#position = head.timestamp;
    this.#hidden = 0;
    while (this.#queue.length > 1 && this.#delay.hopeless(now, this.#position)) {
      this.#release();
      this.#position = this.#queue[0]!.timestamp;
      this.late++;
    }
    return 'packet';
  }

  /** `head` was decoded and lasts `ticks`. */
  take(ticks: number): void {
    this.#position += ticks;
    this.#release();
    // A packet that begins inside the one before it lies (a sender that changed its packet time carelessly).
    while (this.#queue.length > 0 && this.#queue[0]!.timestamp < this.#position) {
      this.#position = this.#queue[0]!.timestamp;
    }
  }

  /** `ticks` were hidden, in a gap or because nothing was there. */
  hide(ticks: number): void {
    this.#hidden += ticks;
  }

  /** How long (ms) `head` has lain here beyond the delay aimed at; only after {@link poll} said `packet`. */
  spareMs(now: Millis): number {
    return this.#delay.excessMs(now, this.#position);
  }

  /** Forgets the packets, and begins anew with the next; what is known of the stream stays. */
  stop(): void {
    while (this.#queue.length > 0) this.#release();
    this.#state = 'idle';
  }

  /** Forgets stream and packets; what was learned of the network stays. */
  reset(): void {
    this.stop();
    this.#ssrc = -1;
    this.#probationSsrc = -1;
  }

  #restart(view: RtpView, now: Millis): void {
    this.reset();
    this.#ssrc = view.ssrc;
    this.#lastTimestamp = view.timestamp;
    this.#unwrapped = view.timestamp;
    this.#delay.restart(now, view.timestamp);
  }

  /** Two packets in a row of the same new timeline make it real; one alone is a stray (RFC 3550 appendix A.1). */
  #confirmed(view: RtpView, now: Millis): boolean {
    const step = timestampDelta(view.timestamp, this.#probationTimestamp) / this.#ticksPerMs;
    const real =
      this.#probationSsrc === view.ssrc && step !== 0 && Math.abs(step - (now - this.#probationAt)) < JUMP_MS;
    this.#probationSsrc = view.ssrc;
    this.#probationTimestamp = view.timestamp;
    this.#probationAt = now;
    return real;
  }

  #insert(view: RtpView, timestamp: number, size: number): boolean {
    const queue = this.#queue;
    let at = queue.length;
    while (at > 0 && queue[at - 1]!.timestamp > timestamp) at--;
    if (at > 0 && queue[at - 1]!.timestamp === timestamp) return false;
    if (queue.length === CAPACITY) {
      this.#release();
      this.late++;
      if (at > 0) at--;
    }
    const slot = this.#free.pop() ?? { timestamp: 0, payloadType: 0, payload: EMPTY, store: EMPTY };
    if (slot.store.length < size) slot.store = new Uint8Array(Math.max(256, size));
    const { bytes, payloadStart } = view;
    for (let i = 0; i < size; i++) slot.store[i] = bytes[payloadStart + i]!;
    if (slot.payload.length !== size || slot.payload.buffer !== slot.store.buffer) {
      slot.payload = slot.store.subarray(0, size);
    }
    slot.timestamp = timestamp;
    slot.payloadType = view.payloadType;
    queue.push(slot);
    for (let i = queue.length - 1; i > at; i--) queue[i] = queue[i - 1]!;
    queue[at] = slot;
    return true;
  }

  #release(): void {
    const slot = this.#queue.shift();
    if (slot !== undefined) this.#free.push(slot);
  }
}

const EMPTY = new Uint8Array(0);
