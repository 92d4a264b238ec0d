import type { Clock, Millis } from '../base/clock.ts';
import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { NextHop, SipEngine } from '../sip/ports.ts';
import type { OutboundTrunk, Target } from './outbound.ts';
import { formatTarget } from './targets.ts';

export interface TargetHealthOptions {
  readonly trunks: readonly OutboundTrunk[];
  readonly engine: Pick<SipEngine, 'request'>;
  readonly locate: (target: Target, found: (hops: readonly NextHop[]) => void) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
}

interface Watched {
  readonly trunk: OutboundTrunk;
  readonly target: Target;
  readonly callId: string;
  cseq: number;
  /** Undefined until the first answer, or none. */
  isUp: boolean | undefined;
  alarm: Alarm | undefined;
  /** It is asked no more. */
  isOver: boolean;
}

/** Asks every target by OPTIONS whether it lives (RFC 3261 section 11), where its trunk wants that. */
export class TargetHealth {
  readonly #options: TargetHealthOptions;
  #watched: readonly Watched[] = [];
  #isStarted = false;

  constructor(options: TargetHealthOptions) {
    this.#options = options;
    this.replace(options.trunks);
  }

  /** From here on the targets of these trunks are watched; what is known of those that stay is kept. */
  replace(trunks: readonly OutboundTrunk[]): void {
    const { random } = this.#options;
    const before = this.#watched;
    this.#watched = trunks
      .filter(({ healthIntervalMs, enabled }) => healthIntervalMs > 0 && enabled !== false)
      .flatMap((trunk) =>
        trunk.targets.map(
          (target) =>
            before.find((each) => each.trunk === trunk && each.target === target) ?? {
              ...{ trunk, target, callId: randomText(random, 24), cseq: 0 },
              ...{ isUp: undefined, alarm: undefined, isOver: false },
            },
        ),
      );
    for (const each of before) if (!this.#watched.includes(each)) this.#end(each);
    if (this.#isStarted) for (const each of this.#watched) if (!before.includes(each)) this.#ask(each);
  }

  /** Whether a target answered when it was last asked; one that was never asked counts as well. */
  readonly isUp = (trunk: OutboundTrunk, target: Target): boolean =>
    this.#watched.find((each) => each.trunk === trunk && each.target === target)?.isUp !== false;

  /** Targets that are asked, and how many of them do not answer. */
  gauges(): { readonly watched: number; readonly down: number } {
    return {
      watched: this.#watched.length,
      down: this.#watched.filter(({ isUp }) => isUp === false).length,
    };
  }

  /** The first questions go out at once, and from then on each at its own time. */
  start(): void {
    this.#isStarted = true;
    for (const each of this.#watched) this.#ask(each);
  }

  stop(): void {
    this.#isStarted = false;
    for (const each of this.#watched) this.#end(each);
  }

  #end(watched: Watched): void {
    watched.isOver = true;
    this.#options.timers.cancel(watched.alarm);
  }

  #ask(watched: Watched): void {
    const { engine, locate } = this.#options;
    const { trunk, target, callId } = watched;
    const uri = `sip:${trunk.domain}`;
    locate(target, ([next]) => {
      if (watched.isOver) return;
      if (next === undefined) {
        this.#told(watched, 0);
        return;
      }
      engine.request(
        {
          ...{ method: 'OPTIONS', uri, to: `<${uri}>`, from: `<sip:${trunk.fromHost ?? trunk.domain}>` },
          ...{ callId, cseq: ++watched.cseq, next, headers: [['Accept', 'application/sdp']] as const },
        },
        ({ status }) => this.#told(watched, status),
      );
    });
  }

  /** Any answer is a sign of life, a refusal too, unless the trunk says otherwise; but one that is overloaded shall be spared. */
  #told(watched: Watched, status: number): void {
    if (watched.isOver) return;
    const { emit, timers, clock } = this.#options;
    const { trunk, target } = watched;
    const isUp =
      trunk.healthStatuses === 'success'
        ? status >= 200 && status < 300
        : status !== 0 && status !== 408 && status !== 503;
    if (watched.isUp !== isUp && (watched.isUp !== undefined || !isUp)) {
      const state = isUp ? 'up' : 'down';
      emit({ type: 'trunk.target', trunk: trunk.id, target: formatTarget(target), state, status });
    }
    watched.isUp = isUp;
    watched.alarm = timers.schedule(clock.now() + this.#wait(trunk.healthIntervalMs), () =>
      this.#ask(watched),
    );
  }

  /** A tenth more or less, so that many targets are not asked in one burst. */
  #wait(interval: Millis): Millis {
    return interval * (0.9 + (this.#options.random.u32() / 0x1_0000_0000) * 0.2);
  }
}
