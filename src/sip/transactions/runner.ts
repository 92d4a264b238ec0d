import type { Clock, Millis } from '../../base/clock.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type { Effect, Step, TimerName, Timing } from './step.ts';

interface Running {
  readonly timer: TimerName;
  readonly alarm: Alarm;
}

/** What tens of thousands of transactions have that rest. */
const NONE: readonly Running[] = [];

/** What any of the four transactions is: a pure step function. */
export type Machine<S, I> = (state: S, input: I | TimerInput, timing: Timing) => Step<S>;

interface TimerInput {
  readonly type: 'timer';
  readonly timer: TimerName;
}

/** What a runner needs of the world around it. */
export interface RunnerHost {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timing: Timing;
  send(bytes: Uint8Array): void;
  tell(what: (Effect & { do: 'tell' })['what']): void;
  /**
   * A timer was set that nothing stops and that ends the transaction: {@link TransactionRunner.rested} is to be called after `wait`.
   * Without it, this is a timer like others.
   */
  rest?(wait: Millis): void;
  /** The state `terminated` was reached; all timers are stopped. */
  terminated(): void;
}

/** With these a server transaction does nothing any more but to know the request again. */
const LAST: ReadonlySet<TimerName> = new Set(['I', 'J', 'L']);

/** Keeps one transaction's state and carries its effects out. */
export class TransactionRunner<S extends { readonly name: string }, I> {
  readonly #machine: Machine<S, I>;
  readonly #host: RunnerHost;
  /** At most three at a time. */
  #running: readonly Running[] = NONE;
  #state: S;
  #resting: TimerName | undefined;

  constructor(machine: Machine<S, I>, state: S, host: RunnerHost) {
    this.#machine = machine;
    this.#state = state;
    this.#host = host;
  }

  get state(): S['name'] {
    return this.#state.name;
  }

  /** The state is changed before any effect is carried out: whoever is told may come back at once. */
  apply(input: I | TimerInput): void {
    const wasOver = this.#state.name === 'terminated';
    const { state, effects } = this.#machine(this.#state, input, this.#host.timing);
    this.#state = state;
    const isOver = state.name === 'terminated' && !wasOver;
    if (isOver) this.#stopAll();
    for (const effect of effects) this.#carryOut(effect);
    if (isOver) this.#host.terminated();
  }

  /** The time is over that {@link RunnerHost.rest} was told of. */
  rested(): void {
    if (this.#resting !== undefined) this.apply({ type: 'timer', timer: this.#resting });
  }

  /** Ends without a word: the endpoint is being closed. */
  abandon(): void {
    this.#stopAll();
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'send':
        this.#host.send(effect.bytes);
        break;
      case 'set': {
        const { timer, after } = effect;
        if (this.#host.rest !== undefined && LAST.has(timer)) {
          this.#resting = timer;
          this.#host.rest(after);
        } else this.#set(timer, after);
        break;
      }
      case 'stop':
        this.#stop(effect.timer);
        break;
      case 'tell':
        this.#host.tell(effect.what);
        break;
    }
  }

  #set(timer: TimerName, after: Millis): void {
    this.#stop(timer);
    const alarm = this.#host.timers.schedule(this.#host.clock.now() + after, () => this.#rang(timer));
    this.#running = [...this.#running, { timer, alarm }];
  }

  #rang(timer: TimerName): void {
    this.#forget(timer);
    this.apply({ type: 'timer', timer });
  }

  #stop(timer: TimerName): void {
    this.#host.timers.cancel(this.#forget(timer));
  }

  #forget(timer: TimerName): Alarm | undefined {
    const found = this.#running.find((each) => each.timer === timer);
    if (found !== undefined) this.#running = this.#running.filter((each) => each !== found);
    return found?.alarm;
  }

  #stopAll(): void {
    for (const { alarm } of this.#running) this.#host.timers.cancel(alarm);
    this.#running = NONE;
  }
}
