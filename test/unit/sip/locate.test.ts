import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FailedTargets } from '../../../src/sip/failed-targets.ts';
import { locate, type NaptrRecord, type Resolver, type SendTransport } from '../../../src/sip/locate.ts';
import { Locator } from '../../../src/sip/locator.ts';
import type { NextHop } from '../../../src/sip/ports.ts';
import { type SrvRecord, srvOrder } from '../../../src/sip/srv-order.ts';
import { parseUri } from '../../../src/sip/uri.ts';

interface Zone {
  readonly naptr?: Record<string, NaptrRecord[]>;
  readonly srv?: Record<string, SrvRecord[]>;
  readonly hosts?: Record<string, string[]>;
}

const ALL: readonly SendTransport[] = ['udp', 'tcp', 'tls'];
/** Draws the lowest lot always. */
const random = { u32: () => 0, bytes: (length: number) => new Uint8Array(length) };

function resolverOf(zone: Zone, asked: string[] = []): Resolver {
  const answer =
    <T>(kind: string, table: Record<string, T[]> = {}) =>
    (name: string, done: (records: readonly T[]) => void) => {
      asked.push(`${kind} ${name}`);
      done(table[name] ?? []);
    };
  return {
    naptr: answer('NAPTR', zone.naptr),
    srv: answer('SRV', zone.srv),
    addresses: answer('A', zone.hosts),
  };
}

function hopsOf(uri: string, zone: Zone, transports = ALL, asked: string[] = []): string[] {
  const target = parseUri(uri);
  if (!target.ok) throw new Error(`bad test: ${uri}`);
  let hops: readonly NextHop[] | undefined;
  locate(target.value, { resolver: resolverOf(zone, asked), random, transports }, (found) => {
    expect(hops).toBeUndefined();
    hops = found;
  });
  return (hops ?? []).map(({ transport, remote }) => `${transport} ${remote.address} ${remote.port}`);
}

function naptr(order: number, service: string, replacement: string, preference = 0): NaptrRecord {
  return { order, preference, flags: 's', service, replacement };
}

function srv(priority: number, target: string, port = 5060, weight = 0): SrvRecord {
  return { priority, weight, port, target };
}

const ZONE: Zone = {
  naptr: {
    'example.com': [
      naptr(20, 'SIP+D2U', '_sip._udp.example.com'),
      naptr(10, 'SIPS+D2T', '_sips._tcp.example.com'),
      naptr(20, 'SIP+D2T', '_sip._tcp.example.com', 5),
      naptr(1, 'E2U+sip', 'nonsense'),
    ],
  },
  srv: {
    '_sips._tcp.example.com': [srv(1, 'a.example.com', 5071)],
    '_sip._udp.example.com': [srv(2, 'b.example.com'), srv(1, 'a.example.com', 5070)],
    '_sip._tcp.example.com': [srv(1, 'b.example.com', 5072)],
    '_sip._tcp.plain.example': [srv(1, 'a.example.com', 5073)],
    '_sip._udp.gone.example': [srv(0, '.')],
  },
  hosts: {
    'a.example.com': ['192.0.2.1', '2001:db8::1'],
    'b.example.com': ['192.0.2.2'],
    'bare.example': ['192.0.2.9'],
    'gone.example': ['192.0.2.8'],
    'example.com': ['192.0.2.7'],
  },
};

describe('RFC 3263 section 4', () => {
  test.each<[name: string, uri: string, hops: string[], asked: string[]]>([
    ['a literal address asks nothing', 'sip:192.0.2.5', ['udp 192.0.2.5 5060'], []],
    ['with port and transport', 'sip:192.0.2.5:5090;transport=tcp', ['tcp 192.0.2.5 5090'], []],
    ['IPv6', 'sip:[2001:db8::5]', ['udp 2001:db8::5 5060'], []],
    ['sips: a literal address is TLS on 5061', 'sips:192.0.2.5', ['tls 192.0.2.5 5061'], []],
    ['sips with transport=tcp is TLS', 'sips:192.0.2.5;transport=tcp', ['tls 192.0.2.5 5061'], []],
    [
      'an explicit port skips NAPTR and SRV',
      'sip:bare.example:5080',
      ['udp 192.0.2.9 5080'],
      ['A bare.example'],
    ],
    ['maddr outdoes the host', 'sip:a@example.com;maddr=192.0.2.77', ['udp 192.0.2.77 5060'], []],
    [
      'NAPTR by order and preference, each SRV by priority, each host by its addresses',
      'sip:example.com',
      [
        'tls 192.0.2.1 5071',
        'tls 2001:db8::1 5071',
        'udp 192.0.2.1 5070',
        'udp 2001:db8::1 5070',
        'udp 192.0.2.2 5060',
        'tcp 192.0.2.2 5072',
      ],
      [
        'NAPTR example.com',
        'SRV _sips._tcp.example.com',
        'SRV _sip._udp.example.com',
        'SRV _sip._tcp.example.com',
        'A a.example.com',
        'A a.example.com',
        'A b.example.com',
        'A b.example.com',
      ],
    ],
    [
      'sips takes only what is sips',
      'sips:example.com',
      ['tls 192.0.2.1 5071', 'tls 2001:db8::1 5071'],
      ['NAPTR example.com', 'SRV _sips._tcp.example.com', 'A a.example.com'],
    ],
    [
      'a transport that is asked for skips NAPTR',
      'sip:example.com;transport=TCP',
      ['tcp 192.0.2.2 5072'],
      ['SRV _sip._tcp.example.com', 'A b.example.com'],
    ],
    [
      'without NAPTR, SRV for each transport that we have',
      'sip:plain.example',
      ['tcp 192.0.2.1 5073', 'tcp 2001:db8::1 5073'],
      [
        'NAPTR plain.example',
        'SRV _sip._udp.plain.example',
        'SRV _sip._tcp.plain.example',
        'SRV _sips._tcp.plain.example',
        'A a.example.com',
      ],
    ],
    [
      'without both, the host itself over UDP',
      'sip:bare.example;transport=udp',
      ['udp 192.0.2.9 5060'],
      ['SRV _sip._udp.bare.example', 'A bare.example'],
    ],
    [
      'a target of "." says that there is no such service',
      'sip:gone.example;transport=udp',
      [],
      ['SRV _sip._udp.gone.example'],
    ],
    ['a transport that nobody knows leads nowhere', 'sip:example.com;transport=pigeon', [], []],
  ])('%s', (_, uri, hops, asked) => {
    const seen: string[] = [];
    expect(hopsOf(uri, ZONE, ALL, seen)).toEqual(hops);
    expect(seen).toEqual(asked);
  });

  test('what we cannot send by is passed over', () => {
    expect(hopsOf('sip:example.com', ZONE, ['udp'])).toEqual([
      'udp 192.0.2.1 5070',
      'udp 2001:db8::1 5070',
      'udp 192.0.2.2 5060',
    ]);
    expect(hopsOf('sips:example.com', ZONE, ['udp', 'tcp'])).toEqual([]);
    expect(hopsOf('sip:192.0.2.5;transport=tls', ZONE, ['udp'])).toEqual([]);
  });

  test('over TLS the certificate must be of the domain that was asked for, not of the host that DNS named', () => {
    const options = { resolver: resolverOf(ZONE), random, transports: ALL };
    const locator = new Locator({ ...options, clock: { now: () => 0 } });
    let found: readonly NextHop[] = [];
    locator.locate({ host: 'example.com', port: undefined, transport: 'tls' }, (hops) => {
      found = hops;
    });
    expect(found[0]).toEqual({
      transport: 'tls',
      remote: { address: '192.0.2.1', port: 5071 },
      name: 'example.com',
    });
  });

  test('a hostile zone makes no endless list', () => {
    const many = Array.from({ length: 5000 }, (_, i) => srv(i, `h${i}.example`));
    const hosts = Object.fromEntries(many.map(({ target }) => [target, Array(500).fill('192.0.2.1')]));
    const asked: string[] = [];
    const zone = { srv: { '_sip._udp.big.example': many }, hosts };
    expect(hopsOf('sip:big.example;transport=udp', zone, ALL, asked)).toHaveLength(32);
    expect(asked.length).toBeLessThan(40);
  });
});

describe('SRV (RFC 2782)', () => {
  test('never loses, doubles or misplaces a record', () => {
    const record = fc.record({
      priority: fc.nat(3),
      weight: fc.nat(100),
      port: fc.nat(65_535),
      target: fc.string({ maxLength: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 20 }),
        fc.array(fc.nat(), { minLength: 1 }),
        (records, lots) => {
          let draw = 0;
          const ordered = srvOrder(records, { ...random, u32: () => lots[draw++ % lots.length]! });
          expect(new Set(ordered)).toEqual(new Set(records));
          expect(ordered).toHaveLength(records.length);
          const priorities = ordered.map(({ priority }) => priority);
          expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
        },
      ),
    );
  });

  test('weight is the share of first places', () => {
    let seed = 1;
    const u32 = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed >>> 8;
    };
    const records = [srv(1, 'heavy', 1, 75), srv(1, 'light', 2, 25), srv(1, 'none', 3, 0)];
    let heavy = 0;
    for (let i = 0; i < 4000; i++) if (srvOrder(records, { ...random, u32 })[0]?.target === 'heavy') heavy++;
    expect(heavy / 4000).toBeGreaterThan(0.7);
    expect(heavy / 4000).toBeLessThan(0.8);
  });
});

describe('targets that did not answer', () => {
  const hop = (address: string): NextHop => ({ transport: 'udp', remote: { address, port: 5060 } });

  test('are tried last for a minute, and when all failed, all are tried', () => {
    let now = 0;
    const failed = new FailedTargets({ now: () => now });
    const [a, b, c] = [hop('192.0.2.1'), hop('192.0.2.2'), hop('192.0.2.3')];
    failed.failed(a);
    expect(failed.sort([a, b, c])).toEqual([b, c, a]);
    failed.failed(b);
    failed.failed(c);
    expect(failed.sort([a, b, c])).toEqual([a, b, c]);
    failed.worked(b);
    expect(failed.sort([a, b, c])).toEqual([b, a, c]);
    now = 60_000;
    expect(failed.sort([a, b, c])).toEqual([a, b, c]);
  });

  test('are remembered in bounded memory', () => {
    const failed = new FailedTargets({ now: () => 0 });
    for (let i = 0; i < 5000; i++) failed.failed(hop(`h${i}`));
    expect(failed.sort([hop('h0'), hop('h4999')]).map(({ remote }) => remote.address)).toEqual([
      'h0',
      'h4999',
    ]);
    expect(failed.sort([hop('h4999'), hop('h0')]).map(({ remote }) => remote.address)).toEqual([
      'h0',
      'h4999',
    ]);
  });
});
