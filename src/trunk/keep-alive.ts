import type { Clock, Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { NextHop } from '../sip/ports.ts';
import type { OutboundTrunk, Target } from './outbound.ts';

export interface KeepAliveOptions {
  readonly trunks: readonly OutboundTrunk[];
  readonly locate: (target: Target, found: (hops: readonly NextHop[]) => void) => void;
  /** Where a trunk's binding is; undefined: it has none. */
  readonly homeOf: (trunk: OutboundTrunk) => NextHop | undefined;
  /** Sends a double CRLF. */
  readonly ping: (next: NextHop) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/**
 * Keeps the way to a trunk's registrar and targets open through NATs and firewalls, where the trunk wants it: a double CRLF to each
 * (RFC 5626 section 3.5.1), over UDP too, where nobody answers it (many a carrier knows it, and others drop it).
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #alarms = new Map<OutboundTrunk, Alarm>();
  #trunks: readonly OutboundTrunk[] = [];
  #isStarted = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.replace(options.trunks);
  }

  /** Each trunk's first one after its interval: what is sent at the start has opened the way. */
  start(): void {
    this.#isStarted = true;
    this.replace(this.#trunks);
  }

  /** From here on the ways to these trunks are kept open. */
  replace(trunks: readonly OutboundTrunk[]): void {
    this.#trunks = trunks.filter(({ enabled, keepAliveMs }) => enabled !== false && (keepAliveMs ?? 0) > 0);
    for (const [trunk, alarm] of this.#alarms) {
      if (this.#trunks.includes(trunk)) continue;
      this.#options.timers.cancel(alarm);
      this.#alarms.delete(trunk);
    }
    if (!this.#isStarted) return;
    for (const trunk of this.#trunks) if (!this.#alarms.has(trunk)) this.#wait(trunk, trunk.keepAliveMs ?? 0);
  }

  stop(): void {
    this.#isStarted = false;
    for (const alarm of this.#alarms.values()) this.#options.timers.cancel(alarm);
    this.#alarms.clear();
  }

  /** Four fifths to all of it (RFC 5626 section 4.4): never later, and many trunks not in one burst. */
  #wait(trunk: OutboundTrunk, interval: Millis): void {
    const { clock, timers, random } = this.#options;
    const inMs = interval * (0.8 + (random.u32() / 0x1_0000_0000) * 0.2);
    const alarm = timers.schedule(clock.now() + inMs, () => {
      this.#ping(trunk);
      this.#wait(trunk, interval);
    });
    this.#alarms.set(trunk, alarm);
  }

  #ping(trunk: OutboundTrunk): void {
    const { locate, homeOf, ping } = this.#options;
    const pinged = new Set<string>();
    const once = (next: NextHop | undefined): void => {
      if (next === undefined || !this.#alarms.has(trunk)) return;
      const place = `${next.transport} ${next.remote.address} ${next.remote.port}`;
      if (pinged.has(place)) return;
      pinged.add(place);
      ping(next);
    };
    once(homeOf(trunk));
    for (const target of trunk.targets) locate(target, ([next]) => once(next));
  }
}
