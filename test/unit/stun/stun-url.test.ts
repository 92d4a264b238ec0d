import { expect, test } from 'vitest';
import { parseStunUrl } from '../../../src/stun/stun-url.ts';

test.each([
  ['stun:stun.example.com', { host: 'stun.example.com', port: 3478 }],
  ['stun:stun.example.com:19302', { host: 'stun.example.com', port: 19_302 }],
  ['stun.example.com:19302', { host: 'stun.example.com', port: 19_302 }],
  ['stun:[2001:db8::1]:3479', { host: '2001:db8::1', port: 3479 }],
  ['192.0.2.1', { host: '192.0.2.1', port: 3478 }],
  ['stuns:stun.example.com', undefined],
  ['turn:stun.example.com', undefined],
  ['stun:stun.example.com:0', undefined],
  ['stun:stun.example.com:65536', undefined],
  ['stun:a b', undefined],
  ['', undefined],
])('%s', (text, expected) => {
  expect(parseStunUrl(text)).toEqual(expected);
});
