import { expect, test } from 'vitest';
import { turnUrls } from '../../../src/app/turn-urls.ts';
import { good, KEYS } from '../config/given.ts';

const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1', '2001:db8::2'];

test('each of the first addresses by UDP and by TCP, of IPv6 one', () => {
  expect(turnUrls(good({ text: KEYS }), ADDRESSES, false)).toEqual([
    'turn:192.0.2.1:3478?transport=udp',
    'turn:192.0.2.1:3478?transport=tcp',
    'turn:192.0.2.2:3478?transport=udp',
    'turn:192.0.2.2:3478?transport=tcp',
    'turn:[2001:db8::1]:3478?transport=udp',
    'turn:[2001:db8::1]:3478?transport=tcp',
  ]);
});

test('with a certificate by TLS too, by its name, on the port of HTTPS last', () => {
  const text = `${KEYS}
turn: { address: 0.0.0.0 }
tls: { domain: voice.example.com, certificates: [{ certificate_file: c, key_file: k }] }`;
  expect(turnUrls(good({ text }), ['2001:db8::1', '192.0.2.1'], true)).toEqual([
    'turn:192.0.2.1:3478?transport=udp',
    'turn:192.0.2.1:3478?transport=tcp',
    'turns:voice.example.com:5349?transport=tcp',
    'turns:voice.example.com:443?transport=tcp',
  ]);
});
