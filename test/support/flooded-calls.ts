import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from './flood.ts';
import type { Gateway } from './gateway.ts';
import { faultsHeard } from './hearing.ts';
import { RawPhone } from './raw-phone.ts';
import type { ToneSource } from './wav.ts';

/** Half a second of each recording's ends is not judged: the calls begin and the flood ends there. */
const MARGIN_SECONDS = 0.5;
const TONES: readonly ToneSource[] = [
  { hz: 440, amplitude: 8192 },
  { hz: 620, amplitude: 8192 },
];

export interface FloodedOptions {
  readonly gateway: Gateway;
  /** An even number: two calls share a room, and each hears the other's tone. */
  readonly calls: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Address of the stranger. */
  readonly source: string;
  /** Which port is flooded; SIP's unless it says so. */
  readonly door?: 'sip' | 'turn';
}

/** What is sent to each, and as what the gateway counts what it drops of it. */
const DOORS = {
  sip: { message: 'INVITE', reason: 'not-admitted' },
  turn: { message: 'Allocate', reason: 'rate-limited' },
} as const;

export interface FloodedResult {
  /** What was wrong with what the calls heard, such as a gap over 60 ms; empty when nothing was. */
  readonly faults: readonly string[];
  readonly sent: number;
  /** Bytes that the stranger sent, and those of the answers that it got. */
  readonly sentBytes: number;
  readonly answerBytes: number;
  /** Packets that the gateway saw and dropped; what the kernel's buffer did not hold never came. */
  readonly dropped: number;
  /** The longest time between two RTP packets of any call, as this process saw them, in as long a calm before, and in the flood; ms. */
  readonly calmWaitMs: number;
  readonly longestWaitMs: number;
  /** CPU of the gateway, as a share of one core: in calm before the flood, and in it. */
  readonly calmCpu: number;
  readonly floodCpu: number;
  /** Memory that the flood made the gateway hold, MB. */
  readonly grownMb: number;
  /** SIP transactions that live when it is over. */
  readonly transactions: number;
}

interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
  readonly dropped: number;
  readonly transactions: number;
}

async function sample(gateway: Gateway, door: 'sip' | 'turn'): Promise<Sample> {
  const metrics = await gateway.metrics();
  const needed = (name: string): number => {
    const value = metrics.value(name);
    if (value === undefined) throw new Error(`/metrics has no ${name}`);
    return value;
  };
  return {
    at: performance.now() / 1000,
    cpu: needed('trunkroom_process_cpu_seconds_total'),
    memory: needed('trunkroom_process_resident_memory_bytes'),
    dropped: metrics.value('trunkroom_dropped_total', { where: door, reason: DOORS[door].reason }) ?? 0,
    transactions: needed('trunkroom_sip_transactions'),
  };
}

/** Lets calls talk while a stranger floods the SIP port, and listens to each of them. */
export async function floodedCalls(options: FloodedOptions): Promise<FloodedResult> {
  const { gateway, calls, perSecond, seconds, source, door = 'sip' } = options;
  const phones: RawPhone[] = [];
  try {
    for (let call = 0; call < calls; call++) {
      const tone = TONES[call % 2]!;
      phones.push(await RawPhone.call(gateway.ports.sip, `flooded${call >> 1}`, tone));
    }
    await sleep(1500);
    const calm = await sample(gateway, door);
    longestWait(phones);
    await sleep(seconds * 1000);
    const calmWaitMs = longestWait(phones);
    for (const phone of phones) phone.heard();
    const before = await sample(gateway, door);
    const { message } = DOORS[door];
    const port = gateway.ports[door];
    const { sent, ...bytes } = await flood({ port, source, perSecond, seconds, message });
    const after = await sample(gateway, door);
    const longestWaitMs = longestWait(phones);
    const judged = seconds - 2 * MARGIN_SECONDS;
    const faults = phones.flatMap((phone, call) =>
      faultsHeard(phone.heard(), {
        ...{ tones: [TONES[1 - (call % 2)]!], absent: [], fromSecond: MARGIN_SECONDS, seconds: judged },
      }).map((fault) => `call ${call}: ${fault}`),
    );
    // Drops are told in sums.
    await sleep(1500);
    const over = await sample(gateway, door);
    for (const phone of phones.splice(0)) await phone.hangUp();
    return {
      ...{ ...bytes, faults, sent, calmWaitMs, longestWaitMs, transactions: over.transactions },
      dropped: over.dropped - before.dropped,
      calmCpu: (before.cpu - calm.cpu) / (before.at - calm.at),
      floodCpu: (after.cpu - before.cpu) / (after.at - before.at),
      grownMb: (over.memory - before.memory) / 1e6,
    };
  } finally {
    for (const phone of phones) phone.close();
  }
}

/** Of all phones since it was asked last, ms. */
function longestWait(phones: readonly RawPhone[]): number {
  const longest = Math.max(...phones.map((phone) => phone.longestWaitMs));
  for (const phone of phones) phone.longestWaitMs = 0;
  return longest;
}
