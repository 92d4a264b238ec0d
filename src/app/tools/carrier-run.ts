import { setTimeout as sleep } from 'node:timers/promises';
import type { RtpPortRange } from '../../adapters/udp/rtp-port-range.ts';
import type { VoiceCodecs } from '../../audio/codec.ts';
import { CarrierCall } from './carrier-call.ts';
import type { CarrierOptions } from './carrier-options.ts';
import { toolPorts } from './media-ports.ts';
import { openSipClient, type SipClient } from './sip-client.ts';
import type { CallOutcome } from './summary.ts';
import { localAddressTowards, resolveTarget, targetUri } from './target.ts';
import { Ticker } from './ticker.ts';
import { openToolCodecs } from './tool-codec.ts';
import { callTones } from './verdict.ts';

/** The last BYEs have so long to be answered, ms. */
const LAST_WORDS_MS = 1000;
/** Peak of all tones of a room together: below the gateway's limiter. */
const ROOM_AMPLITUDE = 16_000;

/** One run of the carrier: starts the calls at their rate, holds them, hangs them up. */
export class CarrierRun {
  readonly #options: CarrierOptions;
  readonly #client: SipClient;
  readonly #ports: RtpPortRange;
  readonly #codecs: VoiceCodecs;
  readonly #ticker = new Ticker();
  readonly #stopping = new AbortController();
  readonly #calls: CarrierCall[] = [];

  private constructor(options: CarrierOptions, client: SipClient, ports: RtpPortRange, codecs: VoiceCodecs) {
    this.#options = options;
    this.#codecs = codecs;
    this.#client = client;
    this.#ports = ports;
  }

  static async open(options: CarrierOptions): Promise<CarrierRun> {
    const remote = await resolveTarget(options.target);
    const address = await localAddressTowards(remote);
    const local = { address, port: 0 };
    const client = await openSipClient({ transport: options.target.transport, remote, local });
    return new CarrierRun(options, client, toolPorts(address), await openToolCodecs([options.codec]));
  }

  /** Makes all calls; comes back when the last is over. */
  async finished(): Promise<CallOutcome[]> {
    this.#ticker.start();
    const ends: Promise<void>[] = [];
    const { calls, rate } = this.#options;
    const startedAt = performance.now();
    for (let index = 0; index < calls && !this.#stopping.signal.aborted; index++) {
      const dueAt = startedAt + (1000 * index) / rate;
      await this.#pause(Math.max(0, dueAt - performance.now()));
      if (this.#stopping.signal.aborted) break;
      const call = await this.#start(index);
      ends.push(call.over);
      // All were hung up while this one had no ports yet.
      if (this.#stopping.signal.aborted) call.hangUp();
    }
    await Promise.all(ends);
    return this.#calls.map((call) => call.outcome(this.#othersOf(call)));
  }

  progress(): string {
    const count = (phase: CarrierCall['phase']) => this.#calls.filter((call) => call.phase === phase).length;
    const received = this.#calls.reduce((sum, { media }) => sum + media.received, 0);
    const lost = this.#calls.reduce((sum, { media }) => sum + media.lost, 0);
    return (
      `${this.#calls.length} of ${this.#options.calls} started: ${count('dialling')} dialling, ${count('talking')} talking, ` +
      `${count('done')} done, ${count('failed')} failed; ${received} packets, ${lost} lost`
    );
  }

  /** Starts no more calls and ends those there are. */
  hangUpAll(): void {
    this.#stopping.abort();
    for (const call of this.#calls) call.hangUp();
  }

  async close(): Promise<void> {
    await sleep(LAST_WORDS_MS);
    this.#ticker.stop();
    for (const call of this.#calls) call.release();
    this.#client.close();
  }

  async #start(index: number): Promise<CarrierCall> {
    const { calls, rooms, target, codec, seconds } = this.#options;
    const perRoom = Math.ceil(calls / rooms);
    const roomIndex = Math.floor(index / perRoom);
    const room = rooms === 1 ? target.user : `${target.user}-${roomIndex + 1}`;
    const tones = callTones(calls);
    const call = await CarrierCall.open(this.#client, this.#ports, {
      room,
      to: targetUri({ ...target, user: room }),
      transport: target.transport,
      number: `603${String(10_000_000 + index)}`,
      tone: tones[index]!,
      tonesOfRoom: tones.slice(roomIndex * perRoom, (roomIndex + 1) * perRoom),
      amplitude: Math.floor(ROOM_AMPLITUDE / Math.max(2, perRoom)),
      ...{ codec, codecs: this.#codecs },
      seconds,
    });
    this.#calls.push(call);
    this.#ticker.frames.add(call.media.tick);
    void call.over.then(() => this.#ticker.frames.delete(call.media.tick));
    return call;
  }

  #othersOf(call: CarrierCall): CarrierCall[] {
    return this.#calls.filter((other) => other !== call && other.room === call.room);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
