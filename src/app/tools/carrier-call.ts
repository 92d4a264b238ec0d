import { systemRandom } from '../../adapters/crypto/crypto.ts';
import type { RtpPortRange } from '../../adapters/udp/rtp-port-range.ts';
import type { VoiceCodecs } from '../../audio/codec.ts';
import type { RtpPortPair } from '../../media/rtp-ports.ts';
import type { PhoneCodec } from '../../sdp/phone-codec.ts';
import { endLabel } from './failure.ts';
import { openPair } from './media-ports.ts';
import { PhoneMedia } from './phone-media.ts';
import type { SipClient } from './sip-client.ts';
import { toneSource } from './sound-source.ts';
import type { CallOutcome } from './summary.ts';
import { ToneWatch } from './tone-watch.ts';
import { ToolCall } from './tool-call.ts';
import { judgeAudio, type Talker } from './verdict.ts';

export interface CarrierCallOptions {
  readonly room: string;
  /** Request-URI. */
  readonly to: string;
  readonly transport: 'udp' | 'tcp';
  /** The caller's number. */
  readonly number: string;
  /** Its tone, and those of all callers of its room; Hz. */
  readonly tone: number;
  readonly tonesOfRoom: readonly number[];
  readonly amplitude: number;
  readonly codec: PhoneCodec;
  readonly codecs: VoiceCodecs;
  /** How long it is held after its answer. */
  readonly seconds: number;
}

/** One call of many: dials, holds, hangs up, and remembers what it heard and when. */
export class CarrierCall {
  readonly room: string;
  readonly media: PhoneMedia;
  /** Resolves at its end; never rejects. */
  readonly over: Promise<void>;
  phase: 'dialling' | 'talking' | 'done' | 'failed' = 'dialling';
  readonly #options: CarrierCallOptions;
  readonly #ports: RtpPortRange;
  readonly #pair: RtpPortPair;
  readonly #watch: ToneWatch;
  readonly #call: ToolCall;
  readonly #dialledAt = performance.now();
  #answeredAt: number | undefined;
  #endedAt = 0;
  #failure = '';
  #hold: NodeJS.Timeout | undefined;

  private constructor(
    client: SipClient,
    ports: RtpPortRange,
    pair: RtpPortPair,
    options: CarrierCallOptions,
  ) {
    this.room = options.room;
    this.#options = options;
    this.#ports = ports;
    this.#pair = pair;
    this.#watch = new ToneWatch(options.tonesOfRoom);
    const listener = this.#watch.put.bind(this.#watch);
    this.media = new PhoneMedia(pair, toneSource(options.tone, options.amplitude), listener, {
      codecs: options.codecs,
      random: systemRandom,
    });
    let ended = () => {};
    this.over = new Promise((resolve) => {
      ended = resolve;
    });
    const { to, number, transport, codec, seconds } = options;
    this.#call = new ToolCall(
      client,
      this.media,
      { to, from: number, transport, codecs: [codec] },
      {
        progressed: () => {},
        answered: () => {
          this.phase = 'talking';
          this.#answeredAt = performance.now();
          this.#hold = setTimeout(() => this.hangUp(), 1000 * seconds);
        },
        ended: (end) => {
          clearTimeout(this.#hold);
          this.#endedAt = performance.now();
          // Hung up by us as planned is good; the far end's BYE in a call that we hold is not.
          if (end.by === 'us') this.#failure = this.#answeredAt === undefined ? 'cancelled' : '';
          else this.#failure = end.by === 'bye' ? 'dropped' : endLabel(end);
          this.phase = this.#failure === '' ? 'done' : 'failed';
          ended();
        },
      },
    );
  }

  static async open(
    client: SipClient,
    ports: RtpPortRange,
    options: CarrierCallOptions,
  ): Promise<CarrierCall> {
    return new CarrierCall(client, ports, await openPair(ports), options);
  }

  hangUp(): void {
    this.#call.hangUp();
  }

  /** Gives its ports back. */
  release(): void {
    this.#ports.release(this.#pair);
  }

  /** What became of it, judged by who else was in its room. */
  outcome(others: readonly CarrierCall[]): CallOutcome {
    const { media } = this;
    const self = this.#talker();
    const heardFromMs = media.firstAt;
    const talkers = others.flatMap((other) => other.#talker() ?? []);
    const judged = self !== undefined && heardFromMs !== undefined;
    return {
      number: this.#options.number,
      room: this.room,
      setupMs: this.#answeredAt === undefined ? undefined : this.#answeredAt - this.#dialledAt,
      status: this.#failure === '' ? 'answered' : this.#failure,
      sent: media.sent,
      received: media.received,
      lost: media.lost,
      jitterMs: media.jitterMs,
      longestGapMs: media.longestGapMs,
      audio: judged ? judgeAudio(this.#watch, { heardFromMs, self, others: talkers }) : undefined,
    };
  }

  #talker(): Talker | undefined {
    if (this.#answeredAt === undefined) return undefined;
    const { tone, amplitude } = this.#options;
    return { hz: tone, amplitude, fromMs: this.#answeredAt, toMs: this.#endedAt };
  }
}
