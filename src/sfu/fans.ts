import type { Millis } from '../base/clock.ts';
import type { FanOut } from '../base/fan-out.ts';
import type { RtpView } from '../rtp/packet.ts';
import { type FanLayout, SteadyFan } from './steady-fan.ts';
import type { TrackSender } from './track-sender.ts';

/** Forms in which a track goes to many: browsers of two makes, with RED and without. */
const MOST = 4;

/** Where the packets of all fans leave. */
export interface FanSource {
  /** For those who have one form; undefined where there is none. */
  open(): FanOut | undefined;
  /** So many packets were given to it. */
  sent(count: number): void;
}

/** The fans of one track. */
export class Fans {
  readonly #source: FanSource;
  readonly #fans: SteadyFan[] = [];

  constructor(source: FanSource) {
    this.#source = source;
  }

  /** Sends the packet to all who ride and take `mime`, or lets them alight because it does not just go on. Answers to how many. */
  push(view: RtpView, mime: string, now: Millis): number {
    let count = 0;
    for (const fan of this.#fans) {
      if (fan.size === 0 || fan.layout.mime !== mime) continue;
      if (fan.goesOn(view, now)) {
        fan.push(view, now);
        count += fan.size;
      } else fan.disband();
    }
    if (count > 0) this.#source.sent(count);
    return count;
  }

  /** The sender has just sent the packet: from the next one on it may ride. */
  board(sender: TrackSender, view: RtpView, mime: string, now: Millis): void {
    const layout = sender.layout(mime);
    if (layout === undefined) return;
    let fan: SteadyFan | undefined = this.#fans.find((one) => one.layout.key === layout.key);
    fan ??= this.#open(layout);
    if (fan !== undefined) sender.board(fan, view, now);
  }

  #open(layout: FanLayout): SteadyFan | undefined {
    const idle = this.#fans.findIndex(({ size }) => size === 0);
    const out = idle < 0 && this.#fans.length === MOST ? undefined : this.#source.open();
    const fan = out && new SteadyFan(layout, out);
    if (fan !== undefined) this.#fans[idle < 0 ? this.#fans.length : idle] = fan;
    return fan;
  }
}
