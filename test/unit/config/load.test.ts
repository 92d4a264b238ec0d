import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/app/config/load.ts';
import { formatFault } from '../../../src/app/config/source.ts';
import { dispatchRules, inboundTrunks } from '../../../src/app/config/trunks.ts';

const SECRET = 'a-secret-of-at-least-32-characters';
const KEYS = `keys: { my-key: ${SECRET} }`;

interface Given {
  readonly text?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly mode?: 'development' | 'production';
  readonly files?: Readonly<Record<string, string>>;
}

function load({ text, env = {}, mode = 'production', files = {} }: Given) {
  return loadConfig({ text, file: 'trunkroom.yaml', env, mode, readSecret: (path) => files[path] });
}

function good(given: Given) {
  const result = load(given);
  if (!result.ok) throw new Error(result.error.map(formatFault).join('\n'));
  return result.value;
}

function faults(given: Given): string[] {
  const result = load(given);
  return result.ok ? [] : result.error.map(formatFault);
}

describe('defaults', () => {
  test('are the public contract', () => {
    expect(good({ text: KEYS })).toMatchObject({
      sip: { port: 5060 },
      http: { port: 7880 },
      ice: { udp_port: 7882, tcp: true, tcp_port: 7881 },
      turn: { enabled: true, port: 3478, relay_ports: { first: 30_000, last: 39_999 } },
      rtp: { ports: { first: 10_000, last: 19_999 }, media_timeout: 30_000 },
      trunks: [],
      rules: [],
    });
  });

  test('production has no keys and no trunks', () => {
    expect(faults({})).toEqual([
      'trunkroom.yaml:1:1 keys: at least one API key with its secret is needed (or --dev for the development key)',
    ]);
    expect(inboundTrunks(good({ text: KEYS }))).toEqual([]);
  });

  test('development has the known key and a trunk for near addresses, by which the number dialled is the room', () => {
    const config = good({ mode: 'development' });
    expect(config.keys).toEqual({ devkey: 'secret' });
    expect(inboundTrunks(config)).toMatchObject([
      { id: 'development', allowedAddresses: expect.arrayContaining(['127.0.0.0/8', '10.0.0.0/8']) },
    ]);
    expect(dispatchRules(config)).toMatchObject([
      { room: { kind: 'callee', roomPrefix: '', randomize: false } },
    ]);
  });

  test('development opens nothing beside what is configured', () => {
    const text = `${KEYS}\ntrunks: [{ id: a, allowed_addresses: [192.0.2.1] }]`;
    const config = good({ text, mode: 'development' });
    expect(Object.keys(config.keys)).toEqual(['my-key']);
    expect(config.trunks.map(({ id }) => id)).toEqual(['a']);
    expect(config.rules).toEqual([]);
  });
});

describe('faults have their place', () => {
  test.each<[name: string, text: string, fault: string]>([
    ['unknown section', `${KEYS}\ncolour: red`, 'trunkroom.yaml:2:1 colour: unknown key'],
    [
      'unknown key',
      `${KEYS}\nsip:\n  prot: 5061`,
      'trunkroom.yaml:3:3 sip.prot: unknown key (did you mean port?)',
    ],
    [
      'wrong type',
      `${KEYS}\nsip:\n  port: five`,
      'trunkroom.yaml:3:9 sip.port: expected number, received string',
    ],
    ['a section that is none', `${KEYS}\nsip: 5`, 'trunkroom.yaml:2:6 sip: expected object, received number'],
    [
      'a duration without unit',
      `${KEYS}\nrtp: { media_timeout: 30 }`,
      'trunkroom.yaml:2:23 rtp.media_timeout: a duration with its unit is expected, such as 500ms, 30s, 5m, 1h',
    ],
    [
      'ports the wrong way round',
      `${KEYS}\nrtp:\n  ports: 20-10`,
      'trunkroom.yaml:3:10 rtp.ports: the first port must be lower than the last, both between 1 and 65535',
    ],
    [
      'a syntax error',
      `${KEYS}\nsip: {port: 1`,
      'trunkroom.yaml:2:14: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a key twice', `${KEYS}\nsip: {}\nsip: {}`, 'trunkroom.yaml:3:1: Map keys must be unique'],
    ['no map', '- a', 'trunkroom.yaml:1:1: a map of sections is expected'],
    [
      'a trunk without addresses',
      `${KEYS}\ntrunks:\n  - id: a`,
      'trunkroom.yaml:3:5 trunks[0].allowed_addresses: is required',
    ],
    [
      'a trunk with none',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: []`,
      'trunkroom.yaml:4:24 trunks[0].allowed_addresses: at least one address or CIDR is needed: nobody is admitted whom no trunk names',
    ],
    [
      'a trunk for everybody',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [0.0.0.0/0]`,
      'trunkroom.yaml:4:25 trunks[0].allowed_addresses[0]: this names everybody; name the carrier’s own addresses',
    ],
    [
      'a trunk by name',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [sip.example.com]`,
      'trunkroom.yaml:4:25 trunks[0].allowed_addresses[0]: an IP address or CIDR is expected, such as 203.0.113.0/24',
    ],
    [
      'a number without quotes',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [192.0.2.1]\n    numbers: [0312345678]`,
      'trunkroom.yaml:5:15 trunks[0].numbers[0]: a number must stand in quotes, else YAML drops its leading 0 or +',
    ],
    [
      'a country that is none',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [192.0.2.1]\n    country: XX`,
      'trunkroom.yaml:5:14 trunks[0].country: an ISO 3166 country code is expected, such as MY',
    ],
    [
      'an id twice',
      `${KEYS}\ntrunks:\n  - { id: a, allowed_addresses: [192.0.2.1] }\n  - { id: a, allowed_addresses: [192.0.2.2] }`,
      'trunkroom.yaml:4:11 trunks[1].id: a is the id of trunks[0] already',
    ],
    [
      'a rule without room',
      `${KEYS}\nrules:\n  - id: a`,
      'trunkroom.yaml:3:5 rules[0]: exactly one of direct, individual, callee is needed',
    ],
    [
      'a rule with two',
      `${KEYS}\nrules:\n  - id: a\n    direct: { room_name: x }\n    callee: {}`,
      'trunkroom.yaml:3:5 rules[0]: exactly one of direct, individual, callee is needed',
    ],
    [
      'a rule for no trunk',
      `${KEYS}\nrules:\n  - { id: a, trunk_ids: [b], callee: {} }`,
      'trunkroom.yaml:3:26 rules[0].trunk_ids[0]: there is no trunk b',
    ],
    [
      'ports in use twice',
      `${KEYS}\nsip: { port: 3478 }`,
      'trunkroom.yaml:1:1 turn.port: overlaps with sip.port (udp)',
    ],
    [
      'a link-local address that is announced',
      `${KEYS}\nnode: { addresses: [192.0.2.5, "fe80::1"] }`,
      'trunkroom.yaml:2:32 node.addresses[1]: link-local: nobody reaches that',
    ],
    [
      'discovery of what is configured',
      `${KEYS}\nnode: { addresses: [192.0.2.5], stun_servers: [stun.example.com] }`,
      'trunkroom.yaml:2:47 node.stun_servers: node.addresses is set, which says what is announced',
    ],
    [
      'a STUN server that is none',
      `${KEYS}\nnode: { stun_servers: ["turn:turn.example.com"] }`,
      'trunkroom.yaml:2:24 node.stun_servers[0]: a STUN server is expected, such as stun:stun.example.com:3478',
    ],
    [
      'TURN alone without TURN',
      `${KEYS}\nice: { relay_rooms: [ward] }\nturn: { enabled: false }`,
      'trunkroom.yaml:2:21 ice.relay_rooms: turn.enabled or turn_servers is needed with it: nobody could come',
    ],
    [
      'a star within the name of a room',
      `${KEYS}\nice: { relay_rooms: ["w*d"] }`,
      'trunkroom.yaml:2:22 ice.relay_rooms[0]: a * may stand at the end only',
    ],
    [
      'a region without servers',
      `${KEYS}\nturn_selection: { regions: [{ name: eu, networks: [192.0.2.0/24] }] }`,
      'trunkroom.yaml:2:37 turn_selection.regions[0].name: no server of turn_servers is in region eu',
    ],
    [
      'a secret too short',
      'keys: { a: short }',
      'trunkroom.yaml:1:12 keys.a: the secret must have at least 32 characters',
    ],
    [
      'the development key',
      'keys: { devkey: secret }',
      'trunkroom.yaml:1:17 keys.devkey: the development key is refused without --dev',
    ],
  ])('%s', (_, text, fault) => {
    expect(faults({ text })[0]).toBe(fault);
  });

  test('all faults are told at once', () => {
    expect(faults({ text: `${KEYS}\nsip: { port: 0, prot: 1 }\nlog: { level: loud }` })).toHaveLength(3);
  });
});

describe('environment', () => {
  test('each key has its variable, and it wins over the file', () => {
    const config = good({
      text: `${KEYS}\nsip: { port: 5080 }`,
      env: {
        PATH: '/bin',
        TRUNKROOM_SIP_PORT: '5090',
        TRUNKROOM_SIP_USER_AGENT: '12345',
        TRUNKROOM_TURN_ENABLED: 'false',
        TRUNKROOM_RTP_MEDIA_TIMEOUT: '5m',
        TRUNKROOM_NODE_ADDRESSES: '[198.51.100.5]',
        TRUNKROOM_MEDIA_WORKERS: '2',
        TRUNKROOM_TRUNKS: '[{"id": "pbx", "allowed_addresses": ["192.0.2.10"]}]',
      },
    });
    expect(config).toMatchObject({
      sip: { port: 5090, user_agent: '12345' },
      turn: { enabled: false },
      rtp: { media_timeout: 300_000 },
      node: { addresses: ['198.51.100.5'] },
      media: { workers: 2 },
      trunks: [{ id: 'pbx' }],
    });
  });

  test('keys may come by it', () => {
    expect(good({ env: { TRUNKROOM_KEYS: `my-key: ${SECRET}` } }).keys).toEqual({ 'my-key': SECRET });
  });

  test('a fault names the variable', () => {
    expect(faults({ text: KEYS, env: { TRUNKROOM_SIP_PORT: 'many' } })).toEqual([
      'TRUNKROOM_SIP_PORT sip.port: expected number, received string',
    ]);
    expect(faults({ text: KEYS, env: { TRUNKROOM_SIP_PROT: '1' } })).toEqual([
      'TRUNKROOM_SIP_PROT: no such key',
    ]);
    expect(faults({ text: KEYS, env: { TRUNKROOM_TRUNKS: '[{id: a, allowed_addresses: [x]}]' } })[0]).toMatch(
      /^TRUNKROOM_TRUNKS trunks\[0\]\.allowed_addresses\[0\]: /,
    );
  });
});

describe('secrets', () => {
  test('come from files', () => {
    const config = good({
      text: 'key_file: /k\nturn: { secret_file: /t }',
      files: {
        '/k': `# keys\nmy-key: ${SECRET}\n\nother: ${SECRET}2\n`,
        '/t': 'sixteen-or-more-characters\n',
      },
    });
    expect(config.keys).toEqual({ 'my-key': SECRET, other: `${SECRET}2` });
    expect(config.turn.secret).toBe('sixteen-or-more-characters');
  });

  test('a file that cannot be read, or holds something else, is a fault', () => {
    expect(faults({ text: `${KEYS}\nkey_file: /k` })).toEqual([
      'trunkroom.yaml:2:11 key_file: cannot be read',
    ]);
    expect(faults({ text: `${KEYS}\nturn: { secret_file: /t }`, files: { '/t': 'short' } })).toEqual([
      'trunkroom.yaml:2:22 turn.secret_file: holds no secret of 16 characters or more',
    ]);
  });

  test('stand in no message', () => {
    const told = [
      ...faults({ text: 'key_file: /k', files: { '/k': 'hush-hush' } }),
      ...faults({ text: 'keys: { a: hush-hush }\nturn: { secret: hush-hush, secret_file: /t }' }),
      ...faults({ env: { TRUNKROOM_KEYS: 'hush-hush', TRUNKROOM_TURN_SECRET: 'hush-hush' } }),
    ];
    expect(told.length).toBeGreaterThan(4);
    expect(told.join('\n')).not.toContain('hush');
  });
});

test('webhooks go to HTTP, signed by a key that is there', () => {
  const webhook = (text: string) => `${KEYS}\nwebhook: ${text}`;
  expect(good({ text: webhook('{ urls: ["https://a.example/hook"], api_key: my-key }') }).webhook).toEqual({
    urls: ['https://a.example/hook'],
    api_key: 'my-key',
  });
  expect(faults({ text: webhook('{ urls: ["ftp://a.example"] }') })).toEqual([
    'trunkroom.yaml:2:19 webhook.urls[0]: an http: or https: URL is expected',
  ]);
  expect(faults({ text: webhook('{ api_key: other }') })).toEqual([
    'trunkroom.yaml:2:21 webhook.api_key: there is no API key other',
  ]);
});

test('any text is a configuration or a list of faults, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const result = load({ text });
      if (!result.ok)
        for (const fault of result.error) expect(formatFault(fault)).toMatch(/^trunkroom\.yaml:\d+:\d+/);
    }),
  );
  expect(
    faults({
      text: `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`)}]`)
        .join('\n')}`,
    }),
  ).not.toEqual([]);
});

describe('drachtio', () => {
  const DRACHTIO = `${KEYS}\nsip: { engine: drachtio }`;

  test('has its secret from the file, the environment or a file of its own', () => {
    expect(good({ text: `${DRACHTIO}\ndrachtio: { secret: a1 }` }).drachtio).toMatchObject({
      host: '127.0.0.1',
      port: 9022,
      secret: 'a1',
    });
    const env = { TRUNKROOM_SIP_ENGINE: 'drachtio', TRUNKROOM_DRACHTIO_SECRET: 'b2' };
    expect(good({ text: KEYS, env }).drachtio.secret).toBe('b2');
    const text = `${DRACHTIO}\ndrachtio: { secret_file: /s }`;
    expect(good({ text, files: { '/s': 'c3\n' } }).drachtio.secret).toBe('c3');
  });

  test('is not started with a secret that is missing, doubled, unfit or everybody\u2019s', () => {
    expect([
      ...faults({ text: DRACHTIO }),
      ...faults({ text: `${DRACHTIO}\ndrachtio: { secret: cymru }` }),
      ...faults({ text: `${DRACHTIO}\ndrachtio: { secret: "a|b" }` }),
      ...faults({ text: `${DRACHTIO}\ndrachtio: { secret: a, secret_file: /s }` }),
      ...faults({ text: `${DRACHTIO}\ndrachtio: { secret_file: /s }`, files: { '/s': 'a b' } }),
    ]).toEqual([
      expect.stringContaining('drachtio.secret: secret or secret_file is needed with sip.engine: drachtio'),
      expect.stringContaining('drachtio.secret: the secret of drachtio\u2019s examples is refused'),
      expect.stringContaining('drachtio.secret: printable characters'),
      expect.stringContaining('drachtio.secret_file: drachtio.secret is set too'),
      expect.stringContaining('drachtio.secret_file: holds no secret that drachtio could take'),
    ]);
    expect(faults({ text: `${DRACHTIO}\ndrachtio: { secret: cymru }`, mode: 'development' })).toEqual([]);
  });

  test('leaves the SIP ports to its own configuration: they cannot clash here', () => {
    const clash = 'http: { port: 5060 }';
    expect(faults({ text: `${KEYS}\n${clash}` })).toHaveLength(1);
    expect(faults({ text: `${DRACHTIO}\ndrachtio: { secret: a1 }\n${clash}` })).toEqual([]);
  });
});
