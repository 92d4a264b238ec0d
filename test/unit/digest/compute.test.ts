import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { hex, utf8 } from '../../../src/base/bytes.ts';
import { type DigestInput, digestResponse } from '../../../src/sip/digest/compute.ts';
import { parseDirectives } from '../../../src/sip/digest/directives.ts';

const RFC7616: DigestInput = {
  algorithm: 'MD5',
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  qop: 'auth',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  nc: '00000001',
  body: new Uint8Array(0),
};

test('the examples of RFC 7616 section 3.9.1, and of RFC 2069 as its erratum has it', () => {
  expect(digestResponse(nodeDigests, RFC7616)).toBe('8ca523f5e9506fed4657c9700eebdbec');
  expect(digestResponse(nodeDigests, { ...RFC7616, algorithm: 'SHA-256' })).toBe(
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
  const old: DigestInput = {
    ...RFC7616,
    realm: 'testrealm@host.com',
    password: 'CircleOfLife',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    qop: undefined,
  };
  expect(digestResponse(nodeDigests, old)).toBe('1949323746fe6a43ef61f9606e7febea');
});

test('SHA-512/256 has initial values of its own', () => {
  // FIPS 180-4: not a truncated SHA-512.
  expect(hex(nodeDigests.sha512t256(utf8('abc')))).toBe(
    '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23',
  );
});

test('auth-int covers the body', () => {
  const of = (body: string) => digestResponse(nodeDigests, { ...RFC7616, qop: 'auth-int', body: utf8(body) });
  expect(of('a')).not.toBe(of('b'));
});

test('directives, in the ways that the field writes them', () => {
  const read = (text: string) => Object.fromEntries(parseDirectives(text) ?? []);
  expect(read('Digest realm="a \\"b\\", c",nonce=xyz , qop="auth,auth-int", stale=FALSE')).toEqual({
    realm: 'a "b", c',
    nonce: 'xyz',
    qop: 'auth,auth-int',
    stale: 'FALSE',
  });
  expect(read('dIgEsT  Realm = ""')).toEqual({ realm: '' });
});

test('what are no directives', () => {
  for (const text of [
    ...['Basic realm="a"', 'Digest', 'Digest ', 'Digestrealm="a"', 'Digest realm', 'Digest realm='],
    ...['Digest realm="a', 'Digest realm="a" nonce="b"', 'Digest realm="a",', 'Digest realm="a", REALM="b"'],
    `Digest ${Array.from({ length: 40 }, (_, i) => `n${i}=1`).join(',')}`,
    `Digest realm="${'x'.repeat(9000)}"`,
  ]) {
    expect(parseDirectives(text), text.slice(0, 40)).toBeUndefined();
  }
});

test('nothing makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseDirectives(text);
      parseDirectives(`Digest ${text}`);
    }),
  );
});
