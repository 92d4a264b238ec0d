import { expect, test } from 'vitest';
import { hostCandidates } from '../../../src/app/candidates.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import type { Config } from '../../../src/app/config/schema.ts';
import { icePolicies } from '../../../src/app/ice-policy.ts';

const ANNOUNCED = ['203.0.113.7', '10.0.0.5', '2001:db8::5'];

function configOf(text: string): Config {
  const loaded = loadConfig({
    ...{ text, file: 'x.yaml', env: {}, mode: 'development' },
    readSecret: () => undefined,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

function candidatesOf(text: string, policy?: 'all' | 'relay' | 'relay-wished'): string[] {
  return hostCandidates(configOf(text).ice, ANNOUNCED)(7883, policy).map(
    ({ transport, address, port }) => `${transport} ${address} ${port}`,
  );
}

test('every announced address is told, by UDP and then by TCP, with the ports of the worker', () => {
  expect(candidatesOf('')).toEqual([
    ...['udp 203.0.113.7 7883', 'udp 10.0.0.5 7883', 'udp 2001:db8::5 7883'],
    ...['tcp 203.0.113.7 7882', 'tcp 10.0.0.5 7882', 'tcp 2001:db8::5 7882'],
  ]);
});

test('what is hidden is told to no browser', () => {
  expect(candidatesOf('ice: { hidden: [10.0.0.0/8, "2001:db8::/32"], tcp: false }')).toEqual([
    'udp 203.0.113.7 7883',
  ]);
});

test('hiding all of them is a fault at start', () => {
  expect(() => candidatesOf('ice: { hidden: ["0.0.0.0/0", "::/0"] }')).toThrow('ice.hidden');
});

test.each(['relay', 'relay-wished'] as const)(
  'who comes by %s is told where relays find us, by UDP',
  (policy) => {
    expect(candidatesOf('', policy)).toEqual([
      'udp 203.0.113.7 7883',
      'udp 10.0.0.5 7883',
      'udp 2001:db8::5 7883',
    ]);
    expect(candidatesOf('ice: { relay_addresses: [10.0.0.5] }', policy)).toEqual(['udp 10.0.0.5 7883']);
    expect(candidatesOf('ice: { relay_addresses: [10.0.0.5], tcp: false }')).toHaveLength(3);
  },
);

const OTHERS = 'turn_servers: [{ urls: ["turn:turn.example.com"], secret: abc }]';

test.each([
  ['', 'lobby', 'all'],
  ['ice: { transport_policy: relay }', 'lobby', 'relay'],
  ['ice: { relay_rooms: [ward, "clinic-*"] }', 'ward', 'relay'],
  ['ice: { relay_rooms: [ward, "clinic-*"] }', 'ward7', 'all'],
  ['ice: { relay_rooms: [ward, "clinic-*"] }', 'clinic-7', 'relay'],
  ['ice: { relay_rooms: ["*"] }', 'any', 'relay'],
  [`ice: { transport_policy: relay }\n${OTHERS}`, 'lobby', 'relay-wished'],
  [`ice: { transport_policy: relay, relay_networks: [192.0.2.0/24] }\n${OTHERS}`, 'lobby', 'relay'],
])('%j: browsers of %s may take: %s', (text, room, policy) => {
  expect(icePolicies(configOf(text))(room)).toBe(policy);
});
