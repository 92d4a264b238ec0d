/** The torture messages of RFC 5118, each accepted or refused as its section says. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SipRequest } from '../../../src/sip/message.ts';
import { DEFAULT_LIMITS, parseMessage } from '../../../src/sip/parse-message.ts';
import { screenInitial } from '../../../src/sip/screening.ts';
import { parseUri } from '../../../src/sip/uri.ts';
import { parseVia, viaLinesForResponse } from '../../../src/sip/via.ts';
import { RFC5118 as VERDICTS } from '../../support/torture.ts';

const FOLDER = new URL('../../data/rfc5118/', import.meta.url);

function parse(name: string) {
  return parseMessage(new Uint8Array(readFileSync(new URL(`${name}.dat`, FOLDER))), DEFAULT_LIMITS);
}

function request(name: string): SipRequest {
  const parsed = parse(name);
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error(`${name} is no request`);
  return parsed.value;
}

function uriOf(name: string) {
  const uri = parseUri(request(name).uri);
  if (!uri.ok) throw new Error(`the URI of ${name} is none`);
  return { host: uri.value.host, port: uri.value.port };
}

/** What becomes of a message; with `method` in place of REGISTER. */
function verdict(name: string, method?: string): string {
  const text = readFileSync(new URL(`${name}.dat`, FOLDER), 'latin1');
  const asked = method === undefined ? text : text.replaceAll('REGISTER', method);
  const parsed = parseMessage(new Uint8Array(Buffer.from(asked, 'latin1')), DEFAULT_LIMITS);
  if (!parsed.ok) return String(parsed.error.status);
  if (parsed.value.kind === 'response') return 'accept';
  const screened = screenInitial(parsed.value);
  return screened.ok ? 'accept' : String(screened.error.status);
}

describe('RFC 5118', () => {
  test('no message is missing', () => {
    const names = readdirSync(FOLDER).map((file) => file.replace('.dat', ''));
    expect(names.sort()).toEqual(Object.keys(VERDICTS).sort());
  });

  test.each(Object.entries(VERDICTS))('%s: %s', (name, wanted) => {
    expect(verdict(name)).toBe(wanted);
  });

  test('the messages of 4.1 to 4.4 with a method that we serve', () => {
    const names = ['ipv6-good', 'ipv6-bad', 'port-ambiguous', 'port-unambiguous'];
    expect(names.map((name) => verdict(name, 'OPTIONS'))).toEqual(['accept', '400', 'accept', 'accept']);
  });

  test('what stands within brackets is the address, what comes after is the port', () => {
    expect(uriOf('ipv6-good')).toEqual({ host: '2001:db8::10', port: undefined });
    expect(uriOf('port-ambiguous')).toEqual({ host: '2001:db8::10:5070', port: undefined });
    expect(uriOf('port-unambiguous')).toEqual({ host: '2001:db8::10', port: 5070 });
  });

  test('Via elements of both families are read, and given back as they were', () => {
    const lines = request('mult-ip-in-header').headers.all('via');
    expect(lines.map((line) => parseVia(line)?.host)).toEqual([
      '2001:db8::9:1',
      '192.0.2.1',
      '2001:db8::9:255',
    ]);
    const source = { address: '2001:db8::9:1', port: 6050 };
    const [top, ...rest] = viaLinesForResponse(lines, source);
    expect(top).toBe(
      'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111;received=2001:db8::9:1;rport=6050',
    );
    expect(rest).toEqual(lines.slice(1));
  });

  test('a received that a peer wrote is not believed, with brackets or without', () => {
    for (const name of ['via-received-param-with-delim', 'via-received-param-no-delim']) {
      const [top = ''] = viaLinesForResponse(request(name).headers.lines('via'), {
        address: '192.0.2.99',
        port: 5060,
      });
      expect(top).toContain(';received=192.0.2.99');
      expect(top).not.toContain('9:255');
    }
  });
});
