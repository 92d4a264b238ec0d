import { afterEach, expect, test } from 'vitest';
import { DnsResolver } from '../../../src/adapters/dns/resolver.ts';
import { Locator } from '../../../src/sip/locator.ts';
import type { NextHop } from '../../../src/sip/ports.ts';
import { a, DnsServer, naptr, srv } from '../../support/dns-server.ts';

const ZONE = [
  naptr('example.test', 10, 'SIP+D2U', '_sip._udp.example.test'),
  srv('_sip._udp.example.test', 1, 0, 5070, 'one.example.test'),
  srv('_sip._udp.example.test', 2, 0, 5060, 'two.example.test'),
  a('one.example.test', '192.0.2.1', 30),
  a('two.example.test', '192.0.2.2'),
];

const random = { u32: () => 0, bytes: (length: number) => new Uint8Array(length) };
let server: DnsServer;
let now = 0;
const clock = { now: () => now };

afterEach(() => {
  server.close();
  now = 0;
});

async function open(options: { timeoutMs?: number; tries?: number } = {}): Promise<DnsResolver> {
  server = await DnsServer.open(ZONE);
  return new DnsResolver({ servers: [server.address], clock, ...options });
}

test('the records of a real DNS lead to hops in their order', async () => {
  const resolver = await open();
  const locator = new Locator({ resolver, random, clock, transports: ['udp'] });
  const hops = await new Promise<readonly NextHop[]>((resolve) => {
    locator.locate({ host: 'example.test', port: undefined, transport: 'udp' }, resolve);
  });
  expect(hops.map(({ remote }) => remote)).toEqual([
    { address: '192.0.2.1', port: 5070 },
    { address: '192.0.2.2', port: 5060 },
  ]);
  const services = await new Promise((resolve) => {
    resolver.naptr('example.test', resolve);
  });
  expect(services).toMatchObject([
    { order: 10, flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.example.test' },
  ]);
});

test('an answer is kept for its time to live, and no longer', async () => {
  const resolver = await open();
  const ask = () => new Promise((resolve) => resolver.addresses('one.example.test', resolve));
  expect(await ask()).toEqual(['192.0.2.1']);
  now = 29_000;
  expect(await ask()).toEqual(['192.0.2.1']);
  expect(server.asked.filter((each) => each.startsWith('A '))).toHaveLength(1);
  now = 31_000;
  await ask();
  expect(server.asked.filter((each) => each.startsWith('A '))).toHaveLength(2);
});

test('what is not there is nothing, and asked for once only', async () => {
  const resolver = await open();
  const ask = () => new Promise((resolve) => resolver.srv('_sip._tcp.nowhere.test', resolve));
  expect(await ask()).toEqual([]);
  expect(await ask()).toEqual([]);
  expect(server.asked).toHaveLength(1);
});

test('a server that does not answer is nothing as well', async () => {
  const resolver = await open({ timeoutMs: 100, tries: 1 });
  const silent = new DnsResolver({ servers: ['127.0.0.1:9'], clock, timeoutMs: 100, tries: 1 });
  expect(await new Promise((resolve) => silent.srv('_sip._udp.example.test', resolve))).toEqual([]);
  resolver.close();
});
