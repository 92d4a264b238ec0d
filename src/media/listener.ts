import type { VoiceEncoder } from '../audio/codec.ts';
import { HalfBandDown, HalfBandUp } from '../audio/half-band.ts';
import { Limiter } from '../audio/limiter.ts';
import { frameLength, type VoiceFormat } from '../audio/voice-format.ts';
import type { QuietLane } from '../base/quiet-lane.ts';
import type { FrameContent } from '../leg/leg-output.ts';
import type { PrivateSound } from '../leg/private-sound.ts';
import type { MixGroup, PayloadBuffer } from './mix-group.ts';
import type { MixSource, Talker } from './talkers.ts';

/** A phone: {@link PhoneLeg} of leg/leg.ts. */
export interface MixPhone extends MixSource {
  /** What it is sent, at whose rate its own frames are too; undefined while its media have not begun. */
  readonly format: VoiceFormat | undefined;
  /** What it hears for itself alone, if anything. */
  readonly sound?: PrivateSound | undefined;
  /** Sends 20 ms of encoded sound; the bytes are lent for the call. */
  sendFrame(payload: Uint8Array, content: FrameContent, now: number): void;
  /** See `leg/leg.ts`; absent: it never rests. */
  rest?(onAwake: () => void): QuietLane | undefined;
  settle?(now: number): void;
  wake?(): void;
}

/**
 * Frames for which a phone that fell silent keeps its own encoder: half a second. Fed alike, that one and the shared one
 * come to the same state, and the phone's decoder does not notice the change.
 */
const HOLD = 25;

/** What the mix knows of one phone beside its voice: how it gets what nobody else gets. */
export class Listener {
  readonly talker: Talker;
  /** Frames in a row in which it said nothing, and was sent what all are sent. */
  quiet = 0;
  readonly #limiter = new Limiter();
  /** Of a format with memory, while its sound is its own and a little longer. */
  #encoder: VoiceEncoder | undefined;
  #format: VoiceFormat | undefined;
  #alike = 0;
  #isApart = false;
  #sum: Int32Array | undefined;
  #up: HalfBandUp | undefined;
  #down: HalfBandDown | undefined;

  constructor(talker: Talker) {
    this.talker = talker;
  }

  /**
   * Whether it can take what its group is sent, its own sound being no other in this frame: while an encoder of its own
   * still runs, not yet.
   */
  canShare(format: VoiceFormat): boolean {
    this.#isApart = false;
    if (this.#encoder === undefined) return true;
    if (this.#format === format && ++this.#alike <= HOLD) return false;
    this.close();
    return true;
  }

  /** The mix `sum`, less `own`, with `sound` above it, as a frame in `out`. */
  compose(
    sum: Int32Array,
    own: Int16Array | undefined,
    sound: PrivateSound | undefined,
    common: Limiter,
    out: Int16Array,
  ): void {
    if (!this.#isApart) this.#limiter.follow(common);
    this.#isApart = true;
    if (sound === undefined) {
      this.#limiter.process(sum, own, out);
      return;
    }
    if (this.#sum?.length !== out.length) this.#sum = new Int32Array(out.length);
    const whole = this.#sum;
    if (sound.room === 'silenced') whole.fill(0);
    else for (let i = 0; i < whole.length; i++) whole[i] = sum[i]! - (own?.[i] ?? 0);
    this.#add(sound.frame, whole);
    this.#limiter.process(whole, undefined, out);
  }

  /** The payload of a frame that only this phone gets; `content` as for the others keeps its encoder for long. */
  encode(group: MixGroup, frame: Int16Array, from: 'own' | 'shared', buffer: PayloadBuffer): Uint8Array {
    if (group.format.memory === 'none') return buffer.encode(group.encoder(), frame);
    if (this.#format !== group.format) this.close();
    this.#format = group.format;
    this.#encoder ??= group.another();
    if (from === 'own') this.#alike = 0;
    return buffer.encode(this.#encoder, frame);
  }

  close(): void {
    this.#encoder?.free();
    this.#encoder = undefined;
    this.#alike = 0;
  }

  /** A sound was made for the rate that the phone had when it began. */
  #add(frame: Int16Array, into: Int32Array): void {
    if (frame.length === into.length) for (let i = 0; i < into.length; i++) into[i] = into[i]! + frame[i]!;
    else if (frame.length === frameLength(8000)) {
      this.#up ??= new HalfBandUp();
      this.#up.addTo(into, frame);
    } else {
      this.#down ??= new HalfBandDown();
      this.#down.addTo(into, frame);
    }
  }
}
