import { describe, expect, test } from 'vitest';
import { type Finding, lossOf, measure } from '../../../src/netcheck/findings.ts';
import type { MediaPort } from '../../../src/netcheck/messages.ts';
import { waysOf } from '../../../src/netcheck/ways.ts';
import { adviceOf, reportText, targetText, verdictOf, wayName } from '../../../src/netcheck/words.ts';

const ADDRESS = '198.51.100.7';
const media: MediaPort[] = [7882, 7883, 7884].flatMap((port) => [
  { transport: 'udp' as const, address: ADDRESS, port },
  { transport: 'tcp' as const, address: ADDRESS, port: port - 1 },
]);
const embedded = {
  urls: [
    `turn:${ADDRESS}:3478?transport=udp`,
    `turn:${ADDRESS}:3478?transport=tcp`,
    'turns:voice.example.com:5349?transport=tcp',
    'turns:voice.example.com:443?transport=tcp',
  ],
  username: 'u',
  credential: 'c',
};
const other = {
  ...embedded,
  urls: ['turn:turn.example.com', 'stun:stun.example.com', 'turns:x:443?transport=udp'],
};
const ways = waysOf(media, [other, embedded]);

/** All ways, of which those of these kinds work. */
function findings(working: readonly string[], measured = measure(1, [20])): Finding[] {
  return ways.map((way) =>
    working.includes(way.kind) ? { way, works: true, measured } : { way, works: false, detail: 'no answer' },
  );
}

describe('ways', () => {
  test('are one a transport and a server’s port, the best first', () => {
    expect(ways.map((way) => `${way.kind} ${targetText(way)}`)).toEqual([
      `udp ${ADDRESS} port 7882-7884`,
      `tcp ${ADDRESS} port 7881-7883`,
      'relay-udp turn.example.com port 3478',
      `relay-udp ${ADDRESS} port 3478`,
      `relay-tcp ${ADDRESS} port 3478`,
      'relay-tls voice.example.com port 5349',
      'relay-tls voice.example.com port 443',
    ]);
    expect(new Set(ways.map(({ id }) => id)).size).toBe(ways.length);
    expect(ways.at(-1)?.server).toEqual({ ...embedded, urls: [embedded.urls[3]] });
  });

  test('addresses of one server are one way', () => {
    const urls = [`turn:${ADDRESS}:3478`, 'turn:[2001:db8::7]:3478'];
    expect(waysOf([], [{ ...embedded, urls }]).map(targetText)).toEqual([
      `${ADDRESS} and 2001:db8::7 port 3478`,
    ]);
  });

  test('are no more than a dozen, whatever the gateway has', () => {
    const urls = Array.from({ length: 50 }, (_, i) => `turn:192.0.2.1:${1000 + i}`);
    expect(waysOf(media, [{ ...embedded, urls }])).toHaveLength(12);
  });
});

test('what comes back is summed up', () => {
  const measured = measure(10, [30, 10, 20, 900]);
  expect(measured).toEqual({ sent: 10, back: 4, rttMs: 30, slowestMs: 900 });
  expect(lossOf(measured)).toBeCloseTo(0.6);
  expect(lossOf(measure(0, []))).toBe(0);
});

describe('the advice', () => {
  test('is none where sound goes straight', () => {
    expect(verdictOf(findings(['udp']))).toBe('best');
    expect(adviceOf(findings(['udp', 'tcp']))).toEqual([]);
  });

  test('names the media ports where the relay has to help', () => {
    const found = findings(['relay-udp']);
    expect(verdictOf(found)).toBe('good');
    expect(adviceOf(found)).toEqual([`To make it better, allow outgoing UDP to ${ADDRESS} port 7882-7884.`]);
  });

  test('is none where the gateway wants all to come by the relay', () => {
    const found: Finding[] = waysOf([], [embedded]).map((way) => ({
      way,
      works: true,
      measured: measure(1, [20]),
    }));
    expect(verdictOf(found)).toBe('good');
    expect(adviceOf(found)).toEqual([]);
    expect(reportText(found)).toContain('as this gateway wants it');
  });

  test('names every way by UDP where only TCP works', () => {
    const found = findings(['relay-tls']);
    expect(verdictOf(found)).toBe('fair');
    expect(adviceOf(found)).toEqual([
      `To make it better, allow outgoing UDP to ${ADDRESS} port 7882-7884, or UDP to turn.example.com port 3478, or UDP to ${ADDRESS} port 3478.`,
    ]);
  });

  test('says what is enough where nothing works', () => {
    const found = findings([]);
    expect(verdictOf(found)).toBe('none');
    const [best, enough, ...more] = adviceOf(found);
    expect(best).toContain(`UDP to ${ADDRESS} port 7882-7884`);
    expect(enough).toContain('TCP (TLS) to voice.example.com port 443');
    expect(enough).toContain(`TCP to ${ADDRESS} port 7881-7883`);
    expect(more).toEqual([]);
  });

  test('tells a gateway’s private address and missing TLS apart from firewalls', () => {
    const found: Finding[] = waysOf([{ transport: 'udp', address: '10.1.2.3', port: 7882 }], []).map(
      (way) => ({ way, works: false, detail: '' }),
    );
    expect(adviceOf(found).join('\n')).toMatch(
      /certificate[\s\S]*10\.1\.2\.3, an address of private networks/,
    );
    expect(adviceOf(findings([])).join('\n')).not.toContain('private');
  });

  test('tells of loss and of a long way, by the way that would be used', () => {
    const bad = measure(
      50,
      Array.from({ length: 40 }, () => 450),
    );
    expect(adviceOf(findings(['udp'], bad))).toEqual([
      expect.stringContaining('20 % of what is sent is lost'),
      expect.stringContaining('450 ms'),
    ]);
  });
});

test('the report has all of it as text', () => {
  const text = reportText(findings(['relay-udp']));
  expect(text).toContain(`- ${wayName(ways[0]!)} (${ADDRESS} port 7882-7884): does not work: no answer`);
  expect(text).toContain('Relay · UDP (turn.example.com port 3478): works, 20 ms, 0 % lost');
  expect(text).toContain('To make it better');
});
