import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFault } from '../../../src/app/config/source.ts';
import { dispatchRules, inboundTrunks } from '../../../src/app/config/trunks.ts';
import { faults, good, KEYS, load, SECRET } from './given.ts';

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
      'TRUNKROOM_SIP_PORT sip.port: a number is expected',
    ]);
    expect(faults({ text: KEYS, env: { TRUNKROOM_SIP_PROT: '1' } })).toEqual([
      'TRUNKROOM_SIP_PROT: no such key (did you mean TRUNKROOM_SIP_PORT?)',
    ]);
    expect(faults({ text: KEYS, env: { TRUNKROOM_COLOUR: 'red' } })).toEqual([
      'TRUNKROOM_COLOUR: no such key',
    ]);
    expect(faults({ text: KEYS, env: { TRUNKROOM_TRUNKS: '[{id: a' } })[0]).toMatch(
      /^TRUNKROOM_TRUNKS trunks: is no YAML: wrong from character 8 on$/,
    );
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
      'trunkroom.yaml:2:11 key_file: /k cannot be read',
    ]);
    // One fault, and not a second one that there are no keys.
    expect(faults({ text: 'key_file: /k' })).toEqual(['trunkroom.yaml:1:11 key_file: /k cannot be read']);
    expect(faults({ text: 'key_file: /k', files: { '/k': '' } })[0]).toMatch(/ keys: at least one API key /);
    expect(faults({ text: `${KEYS}\nturn: { secret_file: /t }`, files: { '/t': 'short' } })).toEqual([
      'trunkroom.yaml:2:22 turn.secret_file: holds no secret of 16 characters or more',
    ]);
  });

  test('stand in no message', () => {
    const told = [
      ...faults({ text: 'key_file: /k', files: { '/k': 'hush-hush' } }),
      ...faults({ text: 'keys: { a: hush-hush }\nturn: { secret: hush-hush, secret_file: /t }' }),
      ...faults({ env: { TRUNKROOM_KEYS: 'hush-hush', TRUNKROOM_TURN_SECRET: 'hush-hush' } }),
      ...faults({ env: { TRUNKROOM_KEYS: '{ a: hush-hush, b: *hush', TRUNKROOM_TRUNKS: '[*hush]' } }),
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
