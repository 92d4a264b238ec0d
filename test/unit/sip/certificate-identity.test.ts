import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { certificateNames, speaksFor } from '../../../src/sip/certificate-identity.ts';

function speaks(subjectAltName: string, name: string): boolean {
  return speaksFor(certificateNames(subjectAltName), name);
}

describe('RFC 5922', () => {
  test('reads what Node prints', () => {
    expect(
      certificateNames('DNS:SIP.example.com, URI:sip:Example.com, IP Address:192.0.2.1, email:a@example.com'),
    ).toEqual({ uris: ['example.com'], dns: ['sip.example.com'], addresses: ['192.0.2.1'] });
  });

  test.each([
    ['a sip URI', 'URI:sip:example.com', 'example.com', true],
    ['in any case, with the root dot', 'URI:sip:EXAMPLE.com', 'Example.COM.', true],
    ['a URI outdoes DNS names (section 7.1)', 'URI:sip:example.com, DNS:other.com', 'other.com', false],
    ['DNS names when there is no URI', 'DNS:a.example.com, DNS:example.com', 'example.com', true],
    ['no wildcard (section 7.2)', 'DNS:*.example.com', 'sip.example.com', false],
    ['nor is one asked for', 'DNS:*.example.com', '*.example.com', false],
    ['not a subdomain', 'DNS:example.com', 'sip.example.com', false],
    ['a person is no domain', 'URI:sip:alice@example.com', 'example.com', false],
    ['no other scheme', 'URI:https:example.com', 'example.com', false],
    ['a literal address', 'IP Address:192.0.2.1', '192.0.2.1', true],
    ['an address is no name', 'DNS:192.0.2.2', '192.0.2.1', false],
    ['nothing', '', 'example.com', false],
    ['nobody', 'DNS:', '', false],
  ])('%s', (_, subjectAltName, name, verdict) => {
    expect(speaks(subjectAltName, name)).toBe(verdict);
  });

  test('a name that holds a comma cannot smuggle in another (CVE-2021-44532)', () => {
    expect(speaks('DNS:"evil.com, DNS:example.com"', 'example.com')).toBe(false);
    expect(speaks('URI:"sip:a\\", URI:sip:example.com", DNS:other.com', 'example.com')).toBe(false);
  });

  test('never throws, and knows only what stands there', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const name of certificateNames(text).dns) expect(text.toLowerCase()).toContain(name);
      }),
    );
  });
});
