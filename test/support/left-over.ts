import type { Metrics } from './metrics.ts';

/** Gauges that must be back at their resting value when the last call is over. */
export const LEFT_AFTER_CALLS = [
  'trunkroom_calls',
  'trunkroom_sip_transactions',
  'trunkroom_sip_connections',
  'trunkroom_rooms',
  'trunkroom_legs',
  'trunkroom_rtp_ports',
  'trunkroom_alarms',
  'trunkroom_sockets',
] as const;

/** What is alive now, by name. A gauge that `/metrics` does not have reads NaN, which equals nothing but itself. */
export function leftOver(metrics: Metrics): Record<string, number> {
  return Object.fromEntries(LEFT_AFTER_CALLS.map((name) => [name, metrics.value(name) ?? Number.NaN]));
}
