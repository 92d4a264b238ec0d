/**
 * A browser's voice as a source of the phones' mix: packets come in from the SFU, one frame of 20 ms goes out at each
 * pull, decoded once for all phones of the room, at the codec's own rate or at 16 kHz if that is more. It opens its
 * decoder when the first packet is to be played.
 */
import type { VoiceCodecs, VoiceDecoder } from '../audio/codec.ts';
import { levelOf } from '../audio/level.ts';
import { frameLength, type MixRate } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import { TalkGate } from '../leg/talk-gate.ts';
import { VoicePlayout } from '../leg/voice-playout.ts';
import type { RtpView } from '../rtp/packet.ts';

/** RTP clocks (RFC 7587 section 4.1; RFC 3551 table 4), and rates at which it is mixed, Hz. */
const RATES: ReadonlyMap<string, { readonly clockRate: number; readonly sampleRate: MixRate }> = new Map([
  ['audio/opus', { clockRate: 48_000, sampleRate: 16_000 }],
  ['audio/g722', { clockRate: 8000, sampleRate: 16_000 }],
  ['audio/pcma', { clockRate: 8000, sampleRate: 8000 }],
  ['audio/pcmu', { clockRate: 8000, sampleRate: 8000 }],
]);

/** One browser track. */
export class VoiceSource {
  readonly #codecs: VoiceCodecs;
  readonly #gate = new TalkGate();
  #mime = '';
  #playout: VoicePlayout | undefined;
  #decoder: VoiceDecoder | undefined;
  #listeners: 'some' | 'none' = 'none';
  #muted = false;
  /** The frame that {@link pull} wrote. */
  frame = new Int16Array(frameLength(8000));

  constructor(codecs: VoiceCodecs) {
    this.#codecs = codecs;
  }

  /** Packets that no decoder here could read. */
  get undecodable(): number {
    return this.#playout?.undecodable ?? 0;
  }

  /** Takes a packet of the track in; `mime` in lower case is of its payload type. Nothing is kept while no phone listens. */
  push(view: RtpView, mime: string, now: Millis): void {
    if (this.#listeners === 'none' || this.#muted || view.payloadEnd === view.payloadStart) return;
    if (mime !== this.#mime && !this.#open(mime)) return;
    this.#playout?.push(view, now);
  }

  /** Writes the next 20 ms into {@link frame}; true when it belongs into the mix. */
  pull(now: Millis): boolean {
    if (this.#playout === undefined || this.#playout.pull(now, this.frame) === 'silence')
      return this.#gate.shut();
    return this.#gate.observe(levelOf(this.frame));
  }

  /** The browser muted or unmuted the track. */
  mute(muted: boolean): void {
    this.#muted = muted;
    if (muted) this.#playout?.reset();
  }

  /** Whether any phone listens: while none does, nothing is kept or decoded. {@link RoomMix} calls it. */
  listen(listeners: 'some' | 'none'): void {
    if (this.#listeners === listeners) return;
    this.#listeners = listeners;
    if (listeners === 'none') this.close();
  }

  /** Gives the decoder back. */
  close(): void {
    this.#decoder?.free();
    this.#decoder = undefined;
    this.#playout = undefined;
    this.#mime = '';
  }

  #open(mime: string): boolean {
    const rates = RATES.get(mime);
    if (rates === undefined || !this.#codecs.decodes(mime)) return false;
    this.close();
    this.#mime = mime;
    this.frame = new Int16Array(frameLength(rates.sampleRate));
    this.#playout = new VoicePlayout(rates, () => {
      this.#decoder ??= this.#codecs.decoder(mime, rates.sampleRate);
      return this.#decoder;
    });
    return true;
  }
}
