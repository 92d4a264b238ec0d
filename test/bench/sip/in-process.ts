/**
 * What a call costs the signaling side without the kernel: a carrier's messages as bytes in and out. INVITE, ACK and BYE of each call
 * are timed, the making of them is not. First the endpoint alone, then with the phone's door and the rooms behind it, whose media
 * worker is deaf and dumb.
 */
import { utf8 } from '../../../src/base/bytes.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { SipEndpoint } from '../../../src/sip/endpoint.ts';
import type { CallHandler, Flow, IncomingInvite } from '../../../src/sip/ports.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { world } from '../../unit/call/rig.ts';
import { type CarrierPlace, offer, request } from './carrier.ts';

const SDP = offer('192.0.2.9');
const PLACE: CarrierPlace = { transport: 'udp', from: '192.0.2.9:5060', to: '192.0.2.1:5060' };
const ANSWER = utf8(SDP.replace('m=audio 4000 RTP/AVP 8 0 18 101', 'm=audio 12000 RTP/AVP 8 101'));
const FLOW: Flow = {
  transport: 'udp',
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address: '192.0.2.9', port: 5060 },
};

const NO_QUALITY = { packetsIn: 0, packetsOut: 0, lost: 0, concealed: 0, late: 0, jitterMs: 0 };

const silent: CallHandler = {
  confirmed() {},
  reoffered: (_request, _offer, settle) => settle.reject(488),
  requested: () => 200,
  ended() {},
};

/** Takes each call at once. */
export function answerAll(invite: IncomingInvite): void {
  invite.handler = silent;
  invite.progress(180);
  invite.accept(ANSWER);
}

function bytes(
  method: 'INVITE' | 'ACK' | 'BYE',
  call: number,
  cseq: number,
  toTag: string,
  body = '',
): Uint8Array {
  return utf8(request(PLACE, { run: 'p', call }, method, cseq, toTag, body));
}

interface Bench {
  readonly endpoint: SipEndpoint;
  /** Before a batch; after each INVITE; and after each BYE, in the same order: what else the gateway would do then. */
  begin(): void;
  invited(): void;
  over(): void;
  advance(ms: number): void;
}

function endpointOptions(clock: { now(): number }, timers: WakeQueue) {
  return {
    clock,
    timers,
    random: new SeededRandom(1),
    emit: () => {},
    userAgent: 'trunkroom',
    admission: () => 'admit' as const,
    contact: () => FLOW.local,
    send: (bytes: Uint8Array) => {
      lastSent = bytes;
    },
    onFault: (error: unknown) => {
      throw error;
    },
  };
}
let lastSent: Uint8Array = new Uint8Array(0);

function aloneBench(): Bench {
  let now = 0;
  const timers = new WakeQueue();
  const endpoint = new SipEndpoint(endpointOptions({ now: () => now }, timers));
  endpoint.onInvite = answerAll;
  const advance = (ms: number) => {
    now += ms;
    timers.run(now);
  };
  return { endpoint, begin() {}, invited() {}, over() {}, advance };
}

function doorBench(): Bench {
  let legs: string[] = [];
  const gateway = world(
    { maxCalls: 0, allowedAddresses: ['192.0.2.0/24'] },
    { calls: 1e9, callsPerSecond: 1e9 },
  );
  let now = 0;
  const endpoint = new SipEndpoint(endpointOptions({ now: () => now }, gateway.timers));
  endpoint.onInvite = gateway.door.onInvite;
  const advance = (ms: number) => {
    now += ms;
    gateway.at(now);
    gateway.events.length = 0;
  };
  return {
    endpoint,
    begin: () => {
      legs = [];
    },
    invited: () => {
      legs.push(gateway.leg());
      gateway.commands.length = 0;
      gateway.media({ type: 'leg.opened', leg: legs.at(-1)!, port: 12_000 });
    },
    over: () => gateway.media({ type: 'leg.closed', leg: legs.shift()!, quality: NO_QUALITY }),
    advance,
  };
}

/** Calls whose messages are made ahead, so that the clock is read seldom. */
const BATCH = 500;

/** Microseconds of CPU a call, of `count` calls. */
function run(bench: Bench, first: number, count: number, ends: 'bye' | 'stay'): number {
  let spent = 0;
  const timed = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
  };
  for (let from = first; from < first + count; from += BATCH) {
    const calls = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, i) => from + i);
    const invites = calls.map((call) => bytes('INVITE', call, 1, '', SDP));
    const answers: Uint8Array[] = [];
    bench.begin();
    timed(() => {
      for (const invite of invites) {
        bench.endpoint.receive(invite, FLOW);
        bench.invited();
        answers.push(lastSent);
        // A thousand calls a second: transactions pile up for 32 s as they do in the world.
        bench.advance(1);
      }
    });
    const tags = answers.map(
      (answer) => /^To:.*;tag=(\S+)\r$/m.exec(new TextDecoder().decode(answer))?.[1] ?? '',
    );
    const acks = calls.map((call, i) => bytes('ACK', call, 1, tags[i]!));
    const byes = calls.map((call, i) => bytes('BYE', call, 2, tags[i]!));
    timed(() => {
      for (const ack of acks) bench.endpoint.receive(ack, FLOW);
      if (ends === 'stay') return;
      for (const bye of byes) {
        bench.endpoint.receive(bye, FLOW);
        bench.over();
      }
    });
  }
  return spent / count;
}

const ROWS = [
  ['endpoint', aloneBench],
  ['endpoint, door and rooms', doorBench],
] as const;

/** Rows without the kernel: `calls` calls, while `up` stand; only the one that is named, or all. */
export function inProcess(calls: number, up: number, only?: string): void {
  for (const [name, make] of ROWS) {
    if (only !== undefined && only !== name) continue;
    const bench = make();
    run(bench, 0, up, 'stay');
    run(bench, up, Math.min(calls, 5000), 'bye');
    const cost = run(bench, up + calls, calls, 'bye');
    console.log(`${name}: ${cost.toFixed(1)} µs a call, ${up} calls up`);
  }
}
