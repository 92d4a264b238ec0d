/**
 * The sound that a room's phones hear, at 8 kHz. Each tick every source is pulled once, those that say something are
 * summed once, a phone that talks gets the sum less itself, and all phones that do not talk get one frame that was
 * encoded once for each codec: O(talkers + phones). A room without phones costs nothing.
 */
import { encodeG711, G711_SILENCE, type G711Law } from '../audio/g711.ts';
import { addInto, limitInto, limitSample, mixMinusInto } from '../audio/mixer.ts';
import type { Millis } from '../base/clock.ts';
import type { PrivateSound } from '../leg/private-sound.ts';

/** Samples of a frame of 20 ms. */
const FRAME = 160;

/** Whoever may say something: a phone, a browser's voice, a prompt. */
export interface MixSource {
  /** What the last {@link pull} wrote: 160 samples. */
  readonly frame: Int16Array;
  /** Makes the next 20 ms; true when they belong into the mix. Called exactly once a tick. */
  pull(now: Millis): boolean;
}

/** A source that need not work while nobody listens. */
export interface MixVoice extends MixSource {
  listen(listeners: 'some' | 'none'): void;
}

/** A phone: {@link PhoneLeg} of leg/leg.ts. */
export interface MixPhone extends MixSource {
  /** Undefined while its media have not begun. */
  readonly law: G711Law | undefined;
  /** What it hears for itself alone, if anything. */
  readonly sound?: PrivateSound | undefined;
  /** Sends 20 ms of encoded sound; the bytes are lent for the call. */
  sendFrame(payload: Uint8Array, now: Millis): void;
}

/** One room's mix. */
export class RoomMix {
  readonly #phones = new Map<MixPhone, { talks: boolean }>();
  readonly #voices = new Set<MixVoice>();
  readonly #sum = new Int32Array(FRAME);
  readonly #frame = new Int16Array(FRAME);
  readonly #own = new Uint8Array(FRAME);
  readonly #shared: Readonly<Record<G711Law, { readonly payload: Uint8Array; fresh: boolean }>> = {
    pcma: { payload: new Uint8Array(FRAME), fresh: false },
    pcmu: { payload: new Uint8Array(FRAME), fresh: false },
  };

  /** Phones in the room. */
  get phones(): number {
    return this.#phones.size;
  }

  /** A phone joins. */
  addPhone(phone: MixPhone): void {
    this.#phones.set(phone, { talks: false });
    if (this.#phones.size === 1) for (const voice of this.#voices) voice.listen('some');
  }

  /** A phone leaves; harmless when it is gone. */
  removePhone(phone: MixPhone): void {
    if (this.#phones.delete(phone) && this.#phones.size === 0)
      for (const voice of this.#voices) voice.listen('none');
  }

  /** A voice that only speaks joins: a browser's track. */
  addVoice(voice: MixVoice): void {
    this.#voices.add(voice);
    voice.listen(this.#phones.size > 0 ? 'some' : 'none');
  }

  /** A voice leaves; harmless when it is gone. */
  removeVoice(voice: MixVoice): void {
    if (this.#voices.delete(voice)) voice.listen('none');
  }

  /** Makes and sends the next 20 ms. Allocates nothing. */
  tick(now: Millis): void {
    if (this.#phones.size === 0) return;
    const sum = this.#sum;
    sum.fill(0);
    let talkers = 0;
    for (const voice of this.#voices) {
      if (!voice.pull(now)) continue;
      addInto(sum, voice.frame);
      talkers++;
    }
    for (const [phone, state] of this.#phones) {
      state.talks = phone.pull(now);
      if (!state.talks) continue;
      addInto(sum, phone.frame);
      talkers++;
    }
    this.#shared.pcma.fresh = false;
    this.#shared.pcmu.fresh = false;
    for (const [phone, state] of this.#phones) {
      const { law } = phone;
      if (law === undefined || this.#playedTo(phone, law, state.talks, now)) continue;
      if (!state.talks || talkers === 1)
        phone.sendFrame(this.#sharedFrame(law, state.talks ? 0 : talkers), now);
      else {
        mixMinusInto(sum, phone.frame, this.#frame);
        encodeG711(law, this.#frame, 0, FRAME, this.#own, 0);
        phone.sendFrame(this.#own, now);
      }
    }
  }

  /** Sends a phone its private sound, with the room behind it if it shall hear that too; false when it has none. */
  #playedTo(phone: MixPhone, law: G711Law, talks: boolean, now: Millis): boolean {
    const { sound } = phone;
    if (sound === undefined || !sound.pull()) return false;
    let { frame } = sound;
    if (sound.room === 'heard') {
      frame = this.#frame;
      if (talks) mixMinusInto(this.#sum, phone.frame, frame);
      else limitInto(this.#sum, frame);
      for (let i = 0; i < FRAME; i++) frame[i] = limitSample(frame[i]! + sound.frame[i]!);
    }
    encodeG711(law, frame, 0, FRAME, this.#own, 0);
    phone.sendFrame(this.#own, now);
    return true;
  }

  /** What all hear who do not talk; of no talkers, silence. */
  #sharedFrame(law: G711Law, talkers: number): Uint8Array {
    if (talkers === 0) return SILENCE[law];
    const shared = this.#shared[law];
    if (!shared.fresh) {
      limitInto(this.#sum, this.#frame);
      encodeG711(law, this.#frame, 0, FRAME, shared.payload, 0);
      shared.fresh = true;
    }
    return shared.payload;
  }
}

const SILENCE: Readonly<Record<G711Law, Uint8Array>> = {
  pcma: new Uint8Array(FRAME).fill(G711_SILENCE.pcma),
  pcmu: new Uint8Array(FRAME).fill(G711_SILENCE.pcmu),
};
