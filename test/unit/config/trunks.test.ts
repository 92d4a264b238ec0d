import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/app/config/load.ts';
import { outboundTrunks } from '../../../src/app/config/outbound.ts';
import { formatFault } from '../../../src/app/config/source.ts';
import { dispatchRules, inboundTrunks } from '../../../src/app/config/trunks.ts';

const KEYS = 'keys: { my-key: a-secret-of-at-least-32-characters }\n';

function load(text: string) {
  const readSecret = (path: string) => ({ good: 'from-file\n', empty: '\n' })[path];
  return loadConfig({ text: KEYS + text, file: 'f', env: {}, mode: 'production', readSecret });
}

function good(text: string) {
  const result = load(text);
  if (!result.ok) throw new Error(result.error.map(formatFault).join('\n'));
  return result.value;
}

function faults(text: string): string[] {
  const result = load(text);
  return result.ok ? [] : result.error.map(({ path, message }) => `${path}: ${message}`);
}

const IN = 'id: a, allowed_addresses: [192.0.2.1]';
const OUT = 'id: o, address: sip.carrier.example';

describe('inbound trunks', () => {
  test('credentials, MD5 alone by default, the password from a file', () => {
    const config = good(`trunks: [{ ${IN}, auth_username: u, auth_password_file: good }]`);
    expect(inboundTrunks(config)[0]!.auth).toEqual({
      ...{ username: 'u', password: 'from-file', realm: 'trunkroom', algorithms: ['MD5'] },
    });
    expect(inboundTrunks(good(`trunks: [{ ${IN} }]`))[0]!.auth).toBeUndefined();
  });

  test.each([
    ['auth_username: u', 'trunks[0].auth_username: auth_password or auth_password_file is needed with it'],
    ['auth_password: p', 'trunks[0].auth_username: is needed with a password'],
    [
      'auth_username: u, auth_password_file: none',
      'trunks[0].auth_password_file: none cannot be read, or holds no password',
    ],
    [
      'auth_username: u, auth_password_file: empty',
      'trunks[0].auth_password_file: empty cannot be read, or holds no password',
    ],
    [
      'auth_username: u, auth_password: p, auth_password_file: good',
      'trunks[0].auth_password_file: auth_password is set too: give one',
    ],
    ['registration: o', 'trunks[0].registration: there is no outbound trunk o that registers'],
    [
      'transfers: allow, transfer_trunk: o, transfer_numbers: ["1"]',
      'trunks[0].transfer_trunk: there is no outbound trunk o',
    ],
    ['transfer_numbers: ["1"]', 'trunks[0].transfer_numbers: transfer_trunk is needed, which calls them'],
    ['headers: { Via: x }', 'trunks[0].headers.Via: this header is SIP\u2019s own and cannot be set'],
    [
      'numbers: ["1..22"]',
      expect.stringMatching(/^trunks\[0\]\.numbers\[0\]: a number is expected, a prefix/),
    ],
    ['auth_algorithms: []', expect.stringMatching(/^trunks\[0\]\.auth_algorithms: /)],
  ])('%s', (keys, fault) => {
    expect(faults(`trunks: [{ ${IN}, ${keys} }]`)).toContainEqual(fault);
  });

  test('transfers are refused unless they are allowed, and call nothing without a list', () => {
    const out = `outbound_trunks: [{ ${OUT} }]`;
    const policy = (keys: string) =>
      inboundTrunks(good(`${out}\ntrunks: [{ ${IN}, ${keys} }]`))[0]!.transfers;
    expect(policy('transfer_trunk: o, transfer_numbers: ["1"]')).toBeUndefined();
    expect(policy('transfers: allow, transfer_trunk: o, transfer_numbers: ["+603*"]')).toEqual({
      ...{ trunk: 'o', numbers: ['+603*'], maxPerCall: 3, maxAtOnce: 10 },
    });
    expect(policy('transfers: allow')).toMatchObject({ trunk: undefined, numbers: [] });
    const own = good(
      `outbound_trunks: [{ ${OUT}, transfers: allow, transfer_trunk: o, transfer_numbers: ["1"] }]`,
    );
    expect(outboundTrunks(own)[0]!.transfers).toMatchObject({ trunk: 'o', numbers: ['1'] });
    expect(faults(`outbound_trunks: [{ ${OUT}, transfer_trunk: p, transfer_numbers: ["1"] }]`)).toEqual([
      'outbound_trunks[0].transfer_trunk: there is no outbound trunk p',
    ]);
    expect(faults(`${out}\ntrunks: [{ ${IN}, transfer_trunk: o }]`)).toEqual([
      'trunks[0].transfer_trunk: transfer_numbers is needed: no number is called that it does not name',
    ]);
  });

  test('packet times, and how long hold and silence may last', () => {
    expect(inboundTrunks(good(`trunks: [{ ${IN} }]`))[0]).toMatchObject({
      ...{ packetTimes: undefined, holdTimeoutMs: 0 },
    });
    const keys = 'ptime: 30ms, maxptime: 60ms, hold_timeout: 10m, media_timeout: 45s';
    const set = {
      ...{ packetTimes: { ptimeMs: 30, maxPtimeMs: 60 }, holdTimeoutMs: 600_000, mediaTimeoutMs: 45_000 },
    };
    const config = good(
      `trunks: [{ ${IN}, ${keys} }]\noutbound_trunks: [{ ${OUT}, ${keys} }]\nrules: [{ id: r, callee: {}, hold_timeout: 1m, media_timeout: 0s }]`,
    );
    expect(inboundTrunks(config)[0]).toMatchObject(set);
    expect(outboundTrunks(config)[0]).toMatchObject(set);
    expect(dispatchRules(config)[0]!.policy).toMatchObject({ holdTimeoutMs: 60_000, mediaTimeoutMs: 0 });
    expect(faults(`trunks: [{ ${IN}, ptime: 25ms }]`)).toEqual([
      'trunks[0].ptime: 10ms, 20ms, 30ms, 40ms, 50ms or 60ms is expected',
    ]);
    expect(faults(`outbound_trunks: [{ ${OUT}, ptime: 40ms, maxptime: 30ms }]`)).toEqual([
      'outbound_trunks[0].ptime: is longer than maxptime',
    ]);
  });

  test('keep-alives: off, or at least a second apart, and not for drachtio to send', () => {
    const out = (keys: string, more = '') => `${more}outbound_trunks: [{ ${OUT}${keys} }]`;
    expect(outboundTrunks(good(out('')))[0]!.keepAliveMs).toBe(0);
    expect(outboundTrunks(good(out(', keepalive_interval: 25s')))[0]!.keepAliveMs).toBe(25_000);
    expect(faults(out(', keepalive_interval: 10ms'))).toEqual([
      'outbound_trunks[0].keepalive_interval: at least 1s is expected, or 0s',
    ]);
    const drachtio = 'sip: { engine: drachtio }\ndrachtio: { secret: not-the-well-known-one }\n';
    expect(faults(out(', keepalive_interval: 25s', drachtio))).toEqual([
      'outbound_trunks[0].keepalive_interval: has no effect with sip.engine: drachtio',
    ]);
  });

  test('web phones come from anywhere, to a trunk for them alone, and must prove themselves', () => {
    const auth = 'auth_username: u, auth_password: p';
    const web = (keys: string) => `trunks: [{ id: web, allowed_addresses: [0.0.0.0/0, "::/0"], ${keys} }]`;
    expect(inboundTrunks(good(web(`transports: [ws], ${auth}`)))[0]).toMatchObject({
      transports: ['ws'],
      allowedAddresses: ['0.0.0.0/0', '::/0'],
    });
    expect(inboundTrunks(good(`trunks: [{ ${IN} }]`))[0]!.transports).toEqual(['udp', 'tcp', 'tls']);
    expect(faults(web('transports: [ws]'))).toEqual([
      'trunks[0].transports: with ws, auth_username and its password are needed',
    ]);
    expect(faults(web(`transports: [ws, udp], ${auth}`))).toHaveLength(2);
    expect(faults(web(auth))).toEqual([
      expect.stringMatching(/^trunks\[0\]\.allowed_addresses\[0\]: this names everybody/),
      expect.stringMatching(/^trunks\[0\]\.allowed_addresses\[1\]: this names everybody/),
    ]);
    expect(faults('sip_websocket: { path: /rtc }')).toEqual(['sip_websocket.path: this path is taken']);
  });

  test('no fault shows a password', () => {
    expect(faults(`trunks: [{ ${IN}, auth_password: hunter2 }]`).join()).not.toContain('hunter2');
  });
});

describe('outbound trunks', () => {
  test('as little as an address', () => {
    expect(outboundTrunks(good(`outbound_trunks: [{ ${OUT} }]`))).toMatchObject([
      {
        domain: 'sip.carrier.example',
        targets: [
          { host: 'sip.carrier.example', port: undefined, transport: 'udp', priority: 10, weight: 10 },
        ],
        account: undefined,
        register: undefined,
        ringingTimeoutMs: 60_000,
        targetTimeoutMs: 4000,
      },
    ]);
  });

  test('call their own country, or none, until they are told otherwise', () => {
    const countries = (keys: string) =>
      outboundTrunks(good(`outbound_trunks: [{ ${OUT}${keys} }]`))[0]!.allowedCountries;
    expect(countries('')).toEqual([]);
    expect(countries(', country: MY')).toEqual(['MY']);
    expect(countries(', country: MY, allowed_countries: [SG]')).toEqual(['SG']);
    expect(countries(', allowed_countries: all')).toBe('all');
    expect(faults(`outbound_trunks: [{ ${OUT}, allowed_countries: [Mordor] }]`)).toHaveLength(1);
  });

  test('numbers, redirections and what sends a call to the next target', () => {
    const keys = 'country: MY, number_format: national, caller_format: e164, tech_prefix: "77#"';
    const more = 'redirects: follow, redirect_hosts: ["a.example:5080"], reroute_codes: [404]';
    expect(outboundTrunks(good(`outbound_trunks: [{ ${OUT}, ${keys}, ${more} }]`))[0]).toMatchObject({
      ...{ numberFormat: 'national', callerFormat: 'e164', techPrefix: '77#', rerouteCodes: [404] },
      redirects: { do: 'follow', max: 3, hosts: ['a.example'] },
    });
    expect(outboundTrunks(good(`outbound_trunks: [{ ${OUT} }]`))[0]).toMatchObject({
      ...{ numberFormat: '+e164', techPrefix: '', redirects: { do: 'refuse' } },
      rerouteCodes: [408, 500, 502, 503, 504],
    });
    expect(faults(`outbound_trunks: [{ ${OUT}, number_format: national }]`)).toEqual([
      'outbound_trunks[0]: a national number format needs a country',
    ]);
    expect(faults(`outbound_trunks: [{ ${OUT}, tech_prefix: "a@b" }]`)).toHaveLength(1);
  });

  test('credentials are for the carrier\u2019s own realm', () => {
    const auth = 'auth_username: u, auth_password: p';
    const realms = (keys: string) =>
      outboundTrunks(good(`outbound_trunks: [{ ${keys} }]`))[0]!.account?.realms;
    expect(realms(`${OUT}, ${auth}`)).toEqual(['sip.carrier.example']);
    expect(realms(`id: o, address: "192.0.2.1:5080", ${auth}`)).toEqual(['192.0.2.1']);
    expect(realms(`${OUT}, ${auth}, auth_realm: asterisk`)).toEqual(['asterisk']);
  });

  test('a registration takes its user from the credentials', () => {
    const keys = 'auth_username: u, auth_password: p, register: { expires: 10m }';
    expect(outboundTrunks(good(`outbound_trunks: [{ ${OUT}, ${keys} }]`))[0]!.register).toEqual({
      ...{
        domain: 'sip.carrier.example',
        user: 'u',
        expiresMs: 600_000,
        retryMs: 10_000,
        maxRetryMs: 600_000,
      },
    });
    good(`outbound_trunks: [{ ${OUT}, ${keys} }]\ntrunks: [{ ${IN}, registration: o }]`);
    expect(faults(`outbound_trunks: [{ ${OUT}, register: {} }]`)).toEqual([
      'outbound_trunks[0].register: user or auth_username is needed',
    ]);
  });

  test('several targets', () => {
    const keys = 'targets: [{ address: "192.0.2.1:5080", priority: 1 }, { address: "[2001:db8::1]" }]';
    expect(
      outboundTrunks(good(`outbound_trunks: [{ ${OUT}, transport: tcp, ${keys} }]`))[0]!.targets,
    ).toEqual([
      { host: '192.0.2.1', port: 5080, transport: 'tcp', priority: 1, weight: 10 },
      { host: '2001:db8::1', port: undefined, transport: 'tcp', priority: 10, weight: 10 },
    ]);
  });
});

describe('terms of calls', () => {
  const termsOf = (keys: string, sip = '') =>
    inboundTrunks(good(`${sip}\ntrunks: [{ ${IN}${keys === '' ? '' : `, ${keys}`} }]`))[0]!.terms;

  test('none of its own: what holds for all', () => expect(termsOf('')).toBeUndefined());

  test.each<[string, string, object]>([
    ['session_timers: off', '', { sessionExpires: 0, timers: 'off' }],
    ['session_timers: accept', '', { sessionExpires: 0, timers: 'on' }],
    ['session_timers: ask', 'sip: { session_expires: 0s }', { sessionExpires: 1800, timers: 'on' }],
    ['session_expires: 600s, min_se: 200s', '', { sessionExpires: 600, minSe: 200 }],
    ['contact_user: main', 'sip: { session_expires: 20m }', { sessionExpires: 1200, contactUser: 'main' }],
    [
      'session_refresh: invite, reliable_responses: required',
      '',
      { refresh: 'invite', reliable: 'required' },
    ],
  ])('%s', (keys, sip, terms) => expect(termsOf(keys, sip)).toMatchObject(terms));

  test('of outbound trunks too', () => {
    const config = good(`outbound_trunks: [{ ${OUT}, session_timers: off, health_statuses: success }]`);
    expect(outboundTrunks(config)[0]).toMatchObject({ terms: { timers: 'off' }, healthStatuses: 'success' });
  });

  test.each([
    ['min_se: 60s', expect.stringContaining('trunks[0].min_se: RFC 4028')],
    ['contact_user: "a b"', expect.stringContaining('trunks[0].contact_user')],
  ])('%s is refused', (keys, fault) => {
    expect(faults(`trunks: [{ ${IN}, ${keys} }]`)).toContainEqual(fault);
  });

  test('drachtio has its own', () => {
    const text = `sip: { engine: drachtio }\ndrachtio: { secret: some-secret-of-ours }\ntrunks: [{ ${IN}, contact_user: a }]`;
    expect(faults(text)).toEqual(['trunks[0].contact_user: has no effect with sip.engine: drachtio']);
  });
});
