import type { Millis } from '../base/clock.ts';
import { sequenceDelta, timestampDelta } from '../base/sequence.ts';
import type { RtpView } from '../rtp/packet.ts';

/** A jump of the source's sequence by more is a new start, not a loss. */
const MAX_JUMP = 1000;
/** Packets whose own offset is known, once some were left out: as many as may come late. A power of two. */
const REMEMBERED = 1024;
/** A jump of the source's timestamp by more than this beyond the time that passed is a new start. */
const MAX_TIMESTAMP_JUMP_S = 10;

/**
 * Makes one continuous outgoing stream of whatever comes in: when the source changes, starts anew or returns from a
 * pause, the next packet follows the last one sent by one sequence number and by the time that passed. Losses of the
 * source stay visible as gaps, so that the receiver can ask for them and conceal.
 */
export class Rewriter {
  /** Of the last packet that {@link map} took. */
  sequence: number;
  timestamp: number;
  readonly #closeGapsAfter: Millis;
  #source: number | undefined;
  #clockRate = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** Highest of the source, and what became of it. */
  #highestIn = 0;
  #firstIn = 0;
  #highestOut: number;
  #lastTimestampIn = 0;
  #lastTimestampOut: number;
  #lastAt: Millis | undefined;
  /** The offset of each of the last numbers; made when the first packet is left out. */
  #offsets: Int32Array | undefined;

  /** The first sequence number is below 2^15, so that a receiver guesses SRTP's roll-over counter right (RFC 3711 section 3.3.1). */
  constructor(start: {
    readonly sequence: number;
    readonly timestamp: number;
    /**
     * Numbers that are missing behind a silence of longer than this are left out, not shown as lost: the source was
     * muted. For audio; video decoders need to see every loss.
     */
    readonly closeGapsAfter: Millis;
  }) {
    this.#highestOut = start.sequence & 0x7fff;
    this.#lastTimestampOut = start.timestamp >>> 0;
    this.#closeGapsAfter = start.closeGapsAfter;
    this.sequence = this.#highestOut;
    this.timestamp = this.#lastTimestampOut;
  }

  /** The timestamp that a packet sent at `now` would have; for the sender report. */
  timestampAt(now: Millis): number {
    if (this.#lastAt === undefined) return this.#lastTimestampOut;
    return (this.#lastTimestampOut + Math.round(((now - this.#lastAt) * this.#clockRate) / 1000)) >>> 0;
  }

  /** The stream pauses: what comes next continues it without a gap of sequence numbers. */
  pause(): void {
    this.#source = undefined;
  }

  /**
   * The packet is left out by choice: the next one takes its number. False: it is late, and there is a gap where it
   * belongs, which {@link map} would fill.
   */
  skip(view: RtpView): boolean {
    if (view.ssrc !== this.#source) return true;
    const ahead = sequenceDelta(view.sequence, this.#highestIn);
    if (ahead <= 0 || ahead > MAX_JUMP) return false;
    this.#offsets ??= new Int32Array(REMEMBERED).fill(this.#sequenceOffset);
    this.#rememberOffsets(view.sequence, ahead);
    this.#sequenceOffset--;
    this.#highestIn = view.sequence;
    return true;
  }

  /** The packet is the next of the source, or has lost ones before it, and there is no break between: {@link map} will answer `sent`. */
  goesOn(view: RtpView, clockRate: number, now: Millis): boolean {
    if (view.ssrc !== this.#source || clockRate !== this.#clockRate) return false;
    const ahead = sequenceDelta(view.sequence, this.#highestIn);
    return ahead > 0 && !this.#jumps(view, ahead, now) && (ahead === 1 || !this.#hasPaused(now));
  }

  /** The packet was mapped, is the newest of its source, and none before it was left out: nothing but numbers tells what comes next. */
  isAt(view: RtpView): boolean {
    return (
      view.ssrc === this.#source &&
      view.sequence === this.#highestIn &&
      view.timestamp === this.#lastTimestampIn &&
      this.#offsets === undefined
    );
  }

  /** Stands where it would if it had mapped the `count` packets, more than none, that `leader` has since both were at the same one. */
  follow(leader: Rewriter, count: number): void {
    this.#highestIn = leader.#highestIn;
    this.#highestOut = (leader.#highestIn + this.#sequenceOffset) & 0xffff;
    this.#lastTimestampIn = leader.#lastTimestampIn;
    this.#lastTimestampOut = (leader.#lastTimestampIn + this.#timestampOffset) >>> 0;
    this.#lastAt = leader.#lastAt;
    this.sequence = this.#highestOut;
    this.timestamp = this.#lastTimestampOut;
    this.#keepFirst(count);
  }

  /**
   * Sets {@link sequence} and {@link timestamp} for the packet. `switched`: it is the first of a new source or after a
   * pause. `late`: it is older than the switch and must not be sent.
   */
  map(view: RtpView, clockRate: number, now: Millis): 'sent' | 'switched' | 'late' {
    if (view.ssrc !== this.#source || clockRate !== this.#clockRate)
      return this.#switch(view, clockRate, now);
    const ahead = sequenceDelta(view.sequence, this.#highestIn);
    if (this.#jumps(view, ahead, now)) return this.#switch(view, clockRate, now);
    if (ahead <= 0 && sequenceDelta(view.sequence, this.#firstIn) < 0) return 'late';
    const resumed = ahead > 1 && this.#hasPaused(now);
    if (resumed) {
      this.#sequenceOffset = this.#highestOut + 1 - view.sequence;
      this.#firstIn = view.sequence;
    }
    if (ahead > 0 && this.#offsets !== undefined) this.#rememberOffsets(view.sequence, ahead);
    const offset = ahead > 0 ? this.#sequenceOffset : this.#offsets?.[view.sequence & (REMEMBERED - 1)];
    this.sequence = (view.sequence + (offset ?? this.#sequenceOffset)) & 0xffff;
    this.timestamp = (view.timestamp + this.#timestampOffset) >>> 0;
    if (ahead > 0) {
      this.#highestIn = view.sequence;
      this.#keepFirst(ahead);
      this.#remember(view, now);
    }
    return resumed ? 'switched' : 'sent';
  }

  #jumps(view: RtpView, ahead: number, now: Millis): boolean {
    const elapsed = ((now - (this.#lastAt ?? now)) * this.#clockRate) / 1000;
    const jump = timestampDelta(view.timestamp, this.#lastTimestampIn) - elapsed;
    return ahead > MAX_JUMP || ahead < -MAX_JUMP || Math.abs(jump) > MAX_TIMESTAMP_JUMP_S * this.#clockRate;
  }

  #hasPaused(now: Millis): boolean {
    return now - (this.#lastAt ?? now) > this.#closeGapsAfter;
  }

  /** The first of a source is remembered for as long as the numbers can tell before from behind; at least `passed` have passed. */
  #keepFirst(passed: number): void {
    if (passed > 0x3fff || sequenceDelta(this.#highestIn, this.#firstIn) > 0x3fff)
      this.#firstIn = (this.#highestIn - 0x2000) & 0xffff;
  }

  #switch(view: RtpView, clockRate: number, now: Millis): 'switched' {
    const first = this.#lastAt === undefined;
    const elapsed = first ? 0 : Math.max(1, Math.round(((now - this.#lastAt!) * clockRate) / 1000));
    this.#source = view.ssrc;
    this.#clockRate = clockRate;
    this.sequence = (this.#highestOut + 1) & 0xffff;
    this.timestamp = (this.#lastTimestampOut + elapsed) >>> 0;
    this.#sequenceOffset = this.sequence - view.sequence;
    this.#timestampOffset = this.timestamp - view.timestamp;
    this.#offsets?.fill(this.#sequenceOffset);
    this.#firstIn = view.sequence;
    this.#highestIn = view.sequence;
    this.#remember(view, now);
    return 'switched';
  }

  /** Numbers that are missing up to this one had no packet left out among them, as far as is known. */
  #rememberOffsets(sequence: number, ahead: number): void {
    const offsets = this.#offsets!;
    for (let i = 0; i < ahead; i++) offsets[(sequence - i) & (REMEMBERED - 1)] = this.#sequenceOffset;
  }

  #remember(view: RtpView, now: Millis): void {
    this.#highestOut = this.sequence;
    this.#lastTimestampIn = view.timestamp;
    this.#lastTimestampOut = this.timestamp;
    this.#lastAt = now;
  }
}
