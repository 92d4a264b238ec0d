import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ATTEMPTS,
  FIRST_DIGIT_MS,
  IVR_IDLE,
  type IvrAction,
  type IvrInput,
  type IvrState,
  LONGEST_PIN,
  NEXT_DIGIT_MS,
  stepIvr,
  wakeOf,
} from '../../../src/call/ivr.ts';

/** Runs the machine with `pin` as the right one, in virtual time; prompts last a second. */
class Caller {
  state: IvrState = IVR_IDLE;
  now = 0;
  readonly said: string[] = [];
  readonly checked: string[] = [];
  ended = '';
  admitted = false;
  readonly #pin: string;

  constructor(pin = '4711') {
    this.#pin = pin;
    this.input({ type: 'begin' });
  }

  input(input: IvrInput): void {
    const step = stepIvr(this.state, input, this.now);
    this.state = step.state;
    for (const action of step.actions) this.#do(action);
  }

  key(digits: string): void {
    for (const digit of digits) this.input({ type: 'digit', digit });
  }

  wait(ms: number): void {
    const until = this.now + ms;
    for (let wake = wakeOf(this.state); wake !== undefined && wake <= until; wake = wakeOf(this.state)) {
      this.now = Math.max(this.now, wake);
      this.input({ type: 'time' });
    }
    this.now = until;
  }

  played(): void {
    this.input({ type: 'played' });
  }

  #do(action: IvrAction): void {
    if (action.do === 'play') this.said.push(...action.prompts);
    else if (action.do === 'stop') this.said.push('(stop)');
    else if (action.do === 'hang-up') this.ended = action.cause;
    else {
      this.checked.push(action.pin);
      const verdict = action.pin === this.#pin ? 'right' : 'wrong';
      this.admitted ||= verdict === 'right';
      this.input({ type: 'verdict', verdict });
    }
  }
}

describe('asking for a PIN', () => {
  it('takes digits up to #', () => {
    const caller = new Caller();
    caller.played();
    caller.key('4711#');
    expect(caller).toMatchObject({ said: ['enter-pin'], checked: ['4711'], admitted: true, ended: '' });
  });
  it('is interrupted by the first digit', () => {
    const caller = new Caller();
    caller.key('47');
    expect(caller.said).toEqual(['enter-pin', '(stop)']);
    caller.key('11#');
    expect(caller.admitted).toBe(true);
  });
  it('starts over at *', () => {
    const caller = new Caller();
    caller.key('99*4711#');
    expect(caller.checked).toEqual(['4711']);
  });
  it('takes a pause for the end', () => {
    const caller = new Caller();
    caller.key('4711');
    caller.wait(NEXT_DIGIT_MS - 1);
    expect(caller.checked).toEqual([]);
    caller.wait(1);
    expect(caller.admitted).toBe(true);
  });
  it('says what was wrong, three times at most, and hangs up after the last words', () => {
    const caller = new Caller();
    caller.key('1#2#3#');
    expect(caller.said.filter((word) => word !== '(stop)')).toEqual([
      'enter-pin',
      ...['wrong-pin', 'enter-pin'],
      ...['wrong-pin', 'enter-pin'],
      ...['too-many-tries', 'goodbye'],
    ]);
    caller.key('4711#');
    expect(caller).toMatchObject({ admitted: false, ended: '' });
    caller.played();
    expect(caller.ended).toBe('wrong-pin');
  });
  it('asks again who keys nothing, and gives up; a worker that says nothing holds nobody', () => {
    const caller = new Caller();
    caller.wait(60_000);
    // The prompt lasts as long as it lasts.
    expect(caller.said).toEqual(['enter-pin']);
    for (let i = 0; i < ATTEMPTS; i++) {
      caller.played();
      caller.wait(FIRST_DIGIT_MS);
    }
    expect(caller.said).toEqual([...Array.from({ length: ATTEMPTS }, () => 'enter-pin'), 'goodbye']);
    caller.wait(15_000);
    expect(caller.ended).toBe('no-pin');
  });
  it('checks no more than three PINs of no more than 16 digits, whatever comes in whatever order', () => {
    const input: fc.Arbitrary<IvrInput | number> = fc.oneof(
      fc.constantFrom(...'0123456789*#ABCD').map((digit) => ({ type: 'digit', digit }) as const),
      fc.constantFrom<IvrInput>({ type: 'played' }, { type: 'begin' }, { type: 'time' }),
      fc.nat(20_000),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 120 }), (inputs) => {
        const caller = new Caller('none');
        for (const each of inputs) {
          if (typeof each === 'number') caller.wait(each);
          else caller.input(each);
        }
        expect(caller.checked.length).toBeLessThanOrEqual(ATTEMPTS);
        for (const pin of caller.checked) expect(pin).toMatch(new RegExp(`^\\d{1,${LONGEST_PIN}}$`));
        // Whoever is left alone ends, for a prompt that is over tells so.
        for (let i = 0; i < 10; i++) {
          caller.played();
          caller.wait(20_000);
        }
        expect(caller.state.phase).toBe('over');
        expect(['wrong-pin', 'no-pin']).toContain(caller.ended);
      }),
    );
  });
});
