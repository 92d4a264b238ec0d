import { describe, expect, test } from 'vitest';
import { faultText } from '../../../src/app/fault-text.ts';
import { gatewayBase } from '../../../src/app/netcheck/gateway.ts';
import { asJson, asTable } from '../../../src/app/netcheck/report.ts';
import { type Finding, measure } from '../../../src/netcheck/findings.ts';
import { waysOf } from '../../../src/netcheck/ways.ts';

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('what went wrong is said in words', () => {
  test.each([
    [coded('ECONNREFUSED'), 'refused: nothing listens there'],
    [new Error('ETIMEDOUT'), 'no answer: a firewall drops it'],
    [new Error('Opening handshake has timed out'), 'no answer: a firewall drops it'],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'a proxy may be looking into TLS'],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'a proxy may be looking into TLS'],
    // As fetch has it, and as a name with several addresses has it.
    [new Error('fetch failed', { cause: coded('ENOTFOUND') }), 'there is no such name'],
    [new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]), 'no route to that network'],
    [coded('EWHATEVER'), 'EWHATEVER'],
    [new Error('something else'), 'something else'],
    ['no error at all', 'no error at all'],
  ])('%s', (error, words) => {
    expect(faultText(error)).toContain(words);
  });

  test('an error that is its own cause ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(faultText(error)).toBe('round');
  });
});

test.each([
  ['https://voice.example.com/?room=lobby', 'https://voice.example.com'],
  ['wss://voice.example.com:8443/rtc', 'https://voice.example.com:8443'],
  ['ws://[2001:db8::7]:7880', 'http://[2001:db8::7]:7880'],
  ['http://localhost:7880/', 'http://localhost:7880'],
  ['voice.example.com', 'https://voice.example.com'],
  ['ftp://voice.example.com', undefined],
  ['https://', undefined],
  ['not a url', undefined],
])('the gateway of %s is %s', (typed, base) => {
  expect(gatewayBase(typed)).toBe(base);
});

describe('the report', () => {
  const media = (['udp', 'tcp'] as const).map((transport) => ({
    transport,
    address: '198.51.100.7',
    port: 7882,
  }));
  const [udp, tcp] = waysOf(media, []);
  const findings: Finding[] = [
    { way: udp!, works: false, detail: 'no answer' },
    { way: tcp!, works: true, measured: measure(50, [24.4]) },
  ];
  const result = { findings, signaling: measure(10, [3.1234]) };

  test('is a table with reasons, a verdict and advice', () => {
    expect(asTable('https://voice.example.com', result)).toBe(`\
    way                    where                      RTT     lost
ok  Signaling (WebSocket)  https://voice.example.com  3.1 ms
--  Direct · UDP           198.51.100.7 port 7882
ok  Direct · TCP           198.51.100.7 port 7882     24 ms   98 %

  Direct · UDP: no answer

Calls work, but this network lets no UDP through: over a bad line the sound may stutter.

- To make it better, allow outgoing UDP to 198.51.100.7 port 7882.
- 98 % of what is sent is lost: try a cable instead of Wi-Fi, or ask who fills the line.
`);
  });

  test('is JSON with the same', () => {
    const said = JSON.parse(asJson('https://voice.example.com', result)) as unknown;
    expect(said).toMatchObject({
      verdict: 'fair',
      signaling: { rttMs: 3.12 },
      ways: [
        { kind: 'udp', works: false, detail: 'no answer' },
        { kind: 'tcp', works: true, loss: 0.98 },
      ],
    });
    expect(JSON.parse(asJson('https://x', 'no gateway'))).toEqual({
      ...{ url: 'https://x', verdict: 'unreachable', error: 'no gateway' },
    });
  });
});
