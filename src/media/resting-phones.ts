import type { VoiceFormat } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import type { LaneFan } from '../base/quiet-lane.ts';
import type { MixPhone } from './listener.ts';

/** Each phone is settled once in so many ticks: a lane counts a few packets more, of 10 ms too. */
const SETTLED_EVERY = 25;
const TICK_MS: Millis = 20;

/** Phones of one format whose lanes are served by one call. */
class Bunch {
  readonly format: VoiceFormat;
  readonly fan: LaneFan;
  readonly phones: MixPhone[] = [];
  #ids = new Int32Array(8);

  constructor(format: VoiceFormat, fan: LaneFan) {
    this.format = format;
    this.fan = fan;
  }

  add(phone: MixPhone, id: number): void {
    const at = this.phones.push(phone) - 1;
    if (at === this.#ids.length) {
      const before = this.#ids;
      this.#ids = new Int32Array(2 * at);
      this.#ids.set(before);
    }
    this.#ids[at] = id;
  }

  /** The last one takes its place. */
  remove(phone: MixPhone): void {
    const at = this.phones.indexOf(phone);
    const last = this.phones.pop();
    if (at < 0 || last === undefined || at === this.phones.length) return;
    this.phones[at] = last;
    this.#ids[at] = this.#ids[this.phones.length]!;
  }

  send(payload: Uint8Array): void {
    this.fan.send(this.#ids, this.phones.length, payload);
  }
}

/** A room's phones that say nothing, and are all sent the same: `leg/leg-rest.ts` tells how a leg rests. */
export class RestingPhones {
  #tick = 0;
  #tickAt: Millis | undefined;
  /** Frames from the tick before to the present one: more than one when a stall has cost some, in which packets came all the same. */
  #passed = 1;
  readonly #bunches: Bunch[] = [];

  /** Phones that rest are to hear these formats. */
  get formats(): IterableIterator<{ readonly format: VoiceFormat }> {
    return this.#bunches.values();
  }

  /** Lets a phone rest from the next tick on, if it can; `onAwake` is called when it must be served again. */
  admit(phone: MixPhone, format: VoiceFormat, onAwake: () => void): boolean {
    const lane = phone.rest?.(() => {
      this.#forget(phone);
      onAwake();
    });
    if (lane === undefined) return false;
    let bunch = this.#bunches.find((one) => one.format === format && one.fan === lane.fan);
    if (bunch === undefined) {
      bunch = new Bunch(format, lane.fan);
      this.#bunches.push(bunch);
    }
    bunch.add(phone, lane.id);
    return true;
  }

  /** The next tick: all who rest are sent what `payloadOf` answers for their format. */
  tick(now: Millis, payloadOf: (format: VoiceFormat) => Uint8Array): void {
    this.#passed = Math.max(1, Math.round((now - (this.#tickAt ?? now)) / TICK_MS));
    this.#tickAt = now;
    this.#tick += this.#passed;
    for (const bunch of this.#bunches) bunch.send(payloadOf(bunch.format));
  }

  /** Behind the tick: those whose turn it is catch up with what came. */
  settle(now: Millis): void {
    let turn = this.#tick;
    // Backwards: who wakes leaves, and the last one takes the place.
    for (let b = this.#bunches.length - 1; b >= 0; b--) {
      const { phones } = this.#bunches[b]!;
      for (let i = phones.length - 1; i >= 0; i--)
        if (turn++ % SETTLED_EVERY < this.#passed) phones[i]?.settle?.(now);
    }
  }

  #forget(phone: MixPhone): void {
    const at = this.#bunches.findIndex(({ phones }) => phones.includes(phone));
    const bunch = this.#bunches[at];
    if (bunch === undefined) return;
    bunch.remove(phone);
    if (bunch.phones.length === 0) this.#bunches.splice(at, 1);
  }
}
