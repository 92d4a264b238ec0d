/** A leg's keys: those of the phone as telephone-events and as tones in its voice, and ours to it as tones. */
import { DtmfDetector } from '../audio/dtmf-detector.ts';
import { DtmfTones } from '../audio/dtmf-tones.ts';
import type { MixRate } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import { type Digit, DtmfReceiver } from '../rtp/dtmf.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { PrivateSound } from './private-sound.ts';

/** How a key came, or is sent: as a telephone-event (RFC 4733), or as its tones within the voice (ITU-T Q.23). */
export type KeyForm = 'event' | 'tone';

/** Takes a key that the phone let go. */
export type KeySink = (digit: Digit, form: KeyForm, now: Millis) => void;

/** Both directions of one leg. */
export class LegKeys {
  readonly #tell: KeySink;
  readonly #events = new DtmfReceiver(8000);
  #detector: DtmfDetector | undefined;
  #rate: MixRate = 8000;
  #tones: KeyTones | undefined;

  constructor(tell: KeySink) {
    this.#tell = tell;
  }

  /** The rate of the leg's frames, and whether tones in the phone's voice are keys. */
  apply(rate: MixRate, tones: 'heard' | undefined): void {
    if (tones === undefined) this.#detector = undefined;
    else if (this.#detector === undefined || rate !== this.#rate) this.#detector = new DtmfDetector(rate);
    if (rate !== this.#rate) this.#tones = undefined;
    this.#rate = rate;
  }

  /** Keys come at the clock of the voice around them (RFC 4733 section 2.4). */
  setClock(clockRate: number): void {
    this.#events.setClockRate(clockRate);
  }

  /** Takes a telephone-event in. */
  event(view: RtpView, now: Millis): void {
    this.#told(this.#events.push(view, now), 'event', now);
  }

  /** With every tick: keys whose end was lost. */
  poll(now: Millis): void {
    this.#told(this.#events.poll(now), 'event', now);
  }

  /** Takes 20 ms of the phone's voice. */
  listen(frame: Int16Array, now: Millis): void {
    if (this.#detector !== undefined) this.#told(this.#detector.push(frame), 'tone', now);
  }

  /** Every frame of the phone's voice is looked at. */
  get listens(): boolean {
    return this.#detector !== undefined;
  }

  /** The phone's voice is a key's tones now: nobody wants to hear them. */
  get sounding(): boolean {
    return this.#detector?.sounding === true;
  }

  /** Plays a key to the phone; false when it is none, or too many wait. */
  play(digit: string, durationMs: Millis): boolean {
    this.#tones ??= new KeyTones(this.#rate);
    return this.#tones.tones.press(digit, durationMs);
  }

  /** Keys that are being played to the phone. */
  get sound(): PrivateSound | undefined {
    return this.#tones !== undefined && this.#tones.tones.pending > 0 ? this.#tones : undefined;
  }

  #told(digit: Digit | undefined, form: KeyForm, now: Millis): void {
    if (digit !== undefined) this.#tell(digit, form, now);
  }
}

/** Keys that are heard without the room: what counts them shall hear nothing else. */
class KeyTones implements PrivateSound {
  readonly room = 'silenced';
  readonly tones: DtmfTones;

  constructor(rate: MixRate) {
    this.tones = new DtmfTones(rate);
  }

  get frame(): Int16Array {
    return this.tones.frame;
  }

  pull(): boolean {
    return this.tones.pull();
  }
}
