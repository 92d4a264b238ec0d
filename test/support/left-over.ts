import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import type { Metrics } from './metrics.ts';

/** Gauges that must be back at their resting value when the last call is over and the last browser has left. */
export const LEFT_AFTER_CALLS = [
  'trunkroom_calls',
  'trunkroom_sip_transactions',
  'trunkroom_sip_connections',
  'trunkroom_rooms',
  'trunkroom_participants',
  'trunkroom_legs',
  'trunkroom_rtp_ports',
  'trunkroom_alarms',
  'trunkroom_sockets',
  'trunkroom_transports',
  'trunkroom_receivers',
  'trunkroom_senders',
  'trunkroom_signal_connections',
  'trunkroom_turn_allocations',
] as const;

/** What is alive now, by name. A gauge that `/metrics` does not have reads NaN, which equals nothing but itself. */
export function leftOver(metrics: Metrics): Record<string, number> {
  return Object.fromEntries(LEFT_AFTER_CALLS.map((name) => [name, metrics.value(name) ?? Number.NaN]));
}

/**
 * Waits until all gauges are what they were `before`, and gives what they are. Server transactions over UDP live for 32 s
 * after their last answer (timers H and J of RFC 3261), a room for some seconds after the last has left.
 */
export async function afterAllIsOver(
  gateway: Gateway,
  before: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  let now: Record<string, number> = {};
  await eventually('all gauges are back where they were', 60_000, async () => {
    now = leftOver(await gateway.metrics());
    return Object.entries(before).every(([name, value]) => now[name] === value);
  }).catch(() => {});
  return now;
}
