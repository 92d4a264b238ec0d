import { expect, test } from 'vitest';
import { announcing } from '../../../src/app/announcing.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import type { LocalAddress } from '../../../src/app/local-addresses.ts';
import { OwnAddresses } from '../../../src/app/own-addresses.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';

function local(cidr: string, name = 'eth0'): LocalAddress {
  const [address = ''] = cidr.split('/');
  const internal = address.startsWith('127.');
  return { address, cidr, family: 'IPv4', interface: internal ? 'lo' : name, internal };
}

function rig(...first: string[]) {
  const timers = new WakeQueue();
  const faults: unknown[] = [];
  let now = 0;
  let locals = first.map((cidr) => local(cidr));
  const own = new OwnAddresses({
    ...{ timers, clock: { now: () => now }, read: () => locals },
    onFault: (error) => faults.push(error),
  });
  const told: string[] = [];
  own.watch(({ added, gone }) => told.push(`+${added.join()} -${gone.join()}`));
  return {
    ...{ own, told, faults, timers },
    /** Those from now on, and the next looks. */
    become(...cidrs: string[]) {
      locals = cidrs.map((cidr) => local(cidr));
      const end = now + 5000;
      for (let at = timers.next(); at <= end; at = timers.next()) {
        now = at;
        timers.run(now);
      }
    },
  };
}

function startup(text: string, addresses: readonly string[]) {
  const loaded = loadConfig({
    ...{ text, file: 'x.yaml', env: {}, mode: 'development' },
    readSecret: () => undefined,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return { config: loaded.value, mode: 'production' as const, addresses };
}

test('changes are told once, to each who watches, whatever another one throws', () => {
  const { own, told, become, faults, timers } = rig('192.0.2.5/24', '127.0.0.1/8');
  own.watch(() => {
    throw new Error('of the test');
  });
  const count = own.live(() => own.locals.length);
  become('192.0.2.5/24', '127.0.0.1/8');
  expect([told, count()]).toEqual([[], 2]);
  become('192.0.2.5/24', '10.8.0.2/24', '127.0.0.1/8');
  expect([told, count()]).toEqual([['+10.8.0.2 -'], 3]);
  become('10.8.0.2/16', '127.0.0.1/8');
  expect(told.at(-1)).toBe('+10.8.0.2 -192.0.2.5,10.8.0.2');
  expect(faults).toHaveLength(2);
  own.stop();
  expect(timers.size).toBe(0);
});

test('browsers and phones are told of what is there now, where the configuration names nothing', () => {
  const { own, become, faults } = rig('192.0.2.5/24', '127.0.0.1/8');
  const { announce, candidates, all } = announcing(
    startup(
      'node: { stun_servers: ["stun:stun.example.com"] }\nice: { tcp: false, hidden: [198.51.100.0/24] }',
      ['203.0.113.9', '192.0.2.5'],
    ),
    own,
  );
  const seen = () => [announce({ address: '10.8.0.9' }), ...candidates(7882).map(({ address }) => address)];
  // What STUN discovered stands first, and stays.
  expect(seen()).toEqual(['203.0.113.9', '203.0.113.9', '192.0.2.5']);
  become('192.0.2.77/24', '10.8.0.2/24', '127.0.0.1/8');
  expect(seen()).toEqual(['10.8.0.2', '203.0.113.9', '192.0.2.77', '10.8.0.2']);
  expect(all()).toEqual(['203.0.113.9', '192.0.2.77', '10.8.0.2', '192.0.2.77', '10.8.0.2', '127.0.0.1']);
  expect(faults).toEqual([]);
});

test('what is configured is told whatever comes and goes, and a change that leaves nothing changes nothing', () => {
  const { own, become, faults } = rig('10.0.0.5/24', '127.0.0.1/8');
  const fixed = announcing(startup('node: { addresses: [203.0.113.7] }', ['203.0.113.7']), own);
  const hiding = announcing(
    startup('ice: { tcp: false, hidden: ["10.9.0.0/16", "127.0.0.0/8"] }', ['10.0.0.5']),
    own,
  );
  become('10.9.0.5/24', '127.0.0.1/8');
  expect(fixed.announce({ address: '198.51.100.1' })).toBe('203.0.113.7');
  expect(fixed.candidates(7882)[0]?.address).toBe('203.0.113.7');
  expect(hiding.candidates(7882).map(({ address }) => address)).toEqual(['10.0.0.5']);
  expect(faults).toHaveLength(1);
});
