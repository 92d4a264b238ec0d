import { LossyNet } from './lossy-net.ts';
import { GATEWAY, VirtualGateway } from './virtual-gateway.ts';
import { VirtualPhone } from './virtual-phone.ts';

/** What a phone does next, and how often of 100 times. */
const DEEDS = [
  ['hold', 15],
  ['key', 15],
  ['pause', 15],
  ['talk', 25],
  ['hang-up', 20],
  ['vanish', 2],
  ['nothing', 8],
] as const;

type Deed = (typeof DEEDS)[number][0];

/** A phone, and what it does at the moment. */
interface Caller {
  readonly phone: VirtualPhone;
  state: 'idle' | 'calling' | 'up' | 'gone';
  isHolding: boolean;
}

/** Phones that call, talk, hold, press keys, fall silent and go, by the seed's dice, in virtual time. */
export class Churn {
  readonly net: LossyNet;
  readonly gateway: VirtualGateway;
  readonly #callers: Caller[];
  readonly #rooms: number;
  /** Calls that were begun, and how often each deed was done. */
  calls = 0;
  readonly done = new Map<Deed, number>();

  constructor(options: { readonly phones: number; readonly rooms: number; readonly seed: number }) {
    this.net = new LossyNet(options.seed);
    this.gateway = new VirtualGateway(this.net);
    this.#rooms = options.rooms;
    this.#callers = Array.from({ length: options.phones }, (_, i) => ({
      phone: new VirtualPhone(this.net, `10.0.1.${i + 1}`, 400 + 20 * i),
      state: 'idle',
      isHolding: false,
    }));
  }

  /** Lets `seconds` pass, each phone doing something about every other second. */
  run(seconds: number): void {
    this.net.every(20, seconds * 50, (now) => {
      for (const caller of this.#callers) {
        if (this.net.random.u32() % 100 === 0) this.#act(caller);
        if (caller.state === 'up') speak(caller.phone);
      }
      // What the test remembers is no memory of the gateway.
      if (now % 1000 === 0) if (this.gateway.events.length > 300) this.gateway.events.length = 0;
    });
  }

  /** All hang up, and the last timers run out. */
  finish(): void {
    for (const caller of this.#callers) if (caller.state !== 'idle') caller.phone.hangUp();
    this.net.run(this.net.now() + 120_000);
    if (this.gateway.events.length > 300) this.gateway.events.length = 0;
  }

  #act(caller: Caller): void {
    const { phone } = caller;
    // By the gateway: what it hangs up on by itself is told, and it is asked no more.
    if (phone.ended !== undefined) caller.state = 'idle';
    if (caller.state === 'idle') {
      caller.state = 'calling';
      caller.isHolding = false;
      this.calls++;
      phone.handset.talking = true;
      phone.dialAgain(`room-${this.net.random.u32() % this.#rooms}`);
    } else if (caller.state === 'calling') {
      if (phone.answered) caller.state = 'up';
    } else if (caller.state === 'up') this.#inCall(caller, this.#deed());
  }

  #inCall(caller: Caller, deed: Deed): void {
    const { phone } = caller;
    this.done.set(deed, (this.done.get(deed) ?? 0) + 1);
    if (deed === 'hold') {
      caller.isHolding = !caller.isHolding;
      phone.offerAgain(caller.isHolding ? 'a=sendonly' : 'a=sendrecv');
    } else if (deed === 'key') phone.handset.press('5');
    else if (deed === 'hang-up') {
      phone.hangUp();
      caller.state = 'idle';
    }
    // No BYE, and no more packets: the gateway has to notice by itself, unless it was told to expect none.
    else if (deed === 'vanish') caller.state = caller.isHolding ? 'up' : 'gone';
    else if (deed !== 'nothing') phone.handset.talking = deed === 'talk';
  }

  #deed(): Deed {
    let dice = this.net.random.u32() % 100;
    for (const [deed, weight] of DEEDS) {
      dice -= weight;
      if (dice < 0) return deed;
    }
    return 'nothing';
  }
}

function speak({ sdp, ended, handset }: VirtualPhone): void {
  handset.received.length = 0;
  if (sdp === '' || ended !== undefined) return;
  handset.speak({ address: GATEWAY, port: Number(/^m=audio (\d+)/m.exec(sdp)?.[1]) });
}
