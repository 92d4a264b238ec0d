import { expect, test } from 'vitest';
import { type GatewayGauges, openMetrics } from '../../../src/adapters/metrics/metrics.ts';
import { everyEvent, SECRET_NUMBER } from '../../support/every-event.ts';
import { Metrics } from '../../support/metrics.ts';

const GAUGES: GatewayGauges = {
  calls: 3,
  registrations: 2,
  targetsDown: 1,
  sipTransactions: 4,
  sipConnections: 1,
  rooms: 2,
  participants: 5,
  legs: 3,
  rtpPorts: 6,
  transports: 2,
  receivers: 2,
  senders: 8,
  signalConnections: 2,
  turnAllocations: 1,
  alarms: 9,
  sockets: 7,
  workers: 1,
};

const open = () => openMetrics({ gauges: () => GAUGES, defaults: 'none' });

test('every event is counted, and moves what it is about', async () => {
  const metrics = open();
  for (const event of everyEvent) metrics.sink(event);
  const read = new Metrics(await metrics.text());
  for (const { type } of everyEvent) expect(read.value('trunkroom_events_total', { type }), type).toBe(1);
  expect(read.value('trunkroom_calls_received_total', { trunk: 'carrier', transport: 'udp' })).toBe(1);
  expect(read.value('trunkroom_calls_refused_total', { reason: 'no-rule', status: '404' })).toBe(1);
  expect(read.value('trunkroom_calls_ended_total', { cause: 'bye', fault: 'none', q850: '16' })).toBe(1);
  expect(read.value('trunkroom_call_setup_seconds_sum')).toBe(0.04);
  expect(read.value('trunkroom_call_duration_seconds_sum')).toBe(20);
  expect(read.value('trunkroom_leg_packets_total', { direction: 'in' })).toBe(1000);
  expect(read.value('trunkroom_leg_packets_lost_total')).toBe(10);
  expect(read.value('trunkroom_transports_connected_total', { path: 'relay-udp' })).toBe(1);
  expect(read.value('trunkroom_tracks_published_total', { mime: 'audio/pcma' })).toBe(1);
  expect(read.value('trunkroom_turn_bytes_total', { direction: 'down' })).toBe(200);
  expect(read.value('trunkroom_dropped_total', { where: 'sip', reason: 'no-trunk' })).toBe(3);
  expect(read.value('trunkroom_startup_seconds')).toBe(0.812);
  expect(read.text).not.toContain(SECRET_NUMBER.slice(1));
});

test('gauges are asked for at each scrape', async () => {
  let calls = 1;
  const metrics = openMetrics({ gauges: () => Promise.resolve({ ...GAUGES, calls }), defaults: 'none' });
  expect(new Metrics(await metrics.text()).value('trunkroom_calls')).toBe(1);
  calls = 0;
  const read = new Metrics(await metrics.text());
  expect(read.value('trunkroom_calls')).toBe(0);
  expect(read.value('trunkroom_rtp_ports')).toBe(6);
  expect(read.value('trunkroom_alarms')).toBe(9);
});

test('workers\u2019 counts add up', async () => {
  const metrics = open();
  const counts = { rtpFromPhones: 50, rtpToPhones: 49, rtpFromBrowsers: 10, rtpToBrowsers: 0, lateTicks: 1 };
  metrics.count(counts);
  metrics.count(counts);
  const read = new Metrics(await metrics.text());
  expect(read.value('trunkroom_rtp_packets_total', { peer: 'phone', direction: 'in' })).toBe(100);
  expect(read.value('trunkroom_late_ticks_total')).toBe(2);
});

test('strangers cannot make labels grow or break the text', async () => {
  const metrics = open();
  for (let i = 0; i < 1000; i++)
    metrics.sink({ type: 'transport.failed', transport: 't', participant: 'p', reason: `r${i}` });
  metrics.sink({ type: 'transport.failed', transport: 't', participant: 'p', reason: 'a"}\nforged 1' });
  metrics.sink({ type: 'dropped', where: 'rtp', reason: 'x', count: Number.NaN });
  metrics.sink({ type: 'dropped', where: 'rtp', reason: 'x', count: -5 });
  const read = new Metrics(await metrics.text());
  expect(Object.keys(read.matching(/^trunkroom_transports_failed_total$/)).length).toBeLessThanOrEqual(101);
  expect(read.value('trunkroom_transports_failed_total')).toBe(1001);
  expect(read.value('trunkroom_transports_failed_total', { reason: 'other' })).toBe(901);
  expect(read.text).not.toMatch(/^forged/m);
});

test('two gateways in one process do not mix; Node\u2019s own metrics come when asked for', async () => {
  const one = openMetrics({ gauges: () => GAUGES, defaults: 'process' });
  const other = open();
  one.sink({ type: 'call.ringing', call: 'a' });
  expect(new Metrics(await other.text()).value('trunkroom_events_total')).toBeUndefined();
  expect(new Metrics(await one.text()).value('trunkroom_process_resident_memory_bytes')).toBeGreaterThan(0);
  expect(one.contentType).toMatch(/^text\/plain/);
});
