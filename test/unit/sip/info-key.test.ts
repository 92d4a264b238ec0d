import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { DTMF, DTMF_RELAY, parseInfoKey, writeInfoKey } from '../../../src/sip/info-key.ts';

const relay = (text: string) => parseInfoKey(DTMF_RELAY, utf8(text));

describe('keys in INFO', () => {
  test('application/dtmf-relay: sign or number, any line ends and blanks', () => {
    expect(relay('Signal=5\r\nDuration=160\r\n')).toEqual({ digit: '5', durationMs: 160 });
    expect(relay('Signal= #\nDuration = 100')).toEqual({ digit: '#', durationMs: 100 });
    expect(relay('signal=10\r\n')).toEqual({ digit: '*', durationMs: 250 });
    expect(relay('Signal=d\r\nDuration=99999999')).toEqual({ digit: 'D', durationMs: 250 });
    expect(relay('Signal=1\r\nSignal=2')).toMatchObject({ digit: '1' });
  });

  test('application/dtmf: the key alone', () => {
    expect(parseInfoKey(DTMF, utf8('7\r\n'))).toEqual({ digit: '7', durationMs: 250 });
    expect(parseInfoKey(DTMF, utf8('11'))).toEqual({ digit: '#', durationMs: 250 });
  });

  test('a hook flash is no key, and what cannot be read is none', () => {
    for (const flash of ['16', 'hf', 'Flash', '!']) expect(relay(`Signal=${flash}`)).toBe('flash');
    for (const bad of ['', 'Duration=5', 'Signal=', 'Signal=17', 'Signal=E', 'Signal=12345678901234567890'])
      expect(relay(bad), bad).toBe('other');
  });

  test('property: what is written is read again, and nothing throws', () => {
    const digits = fc.constantFrom(...'0123456789*#ABCD');
    fc.assert(
      fc.property(digits, fc.integer({ min: 1, max: 10_000 }), (digit, durationMs) => {
        expect(parseInfoKey(DTMF_RELAY, writeInfoKey({ digit, durationMs }))).toEqual({ digit, durationMs });
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(DTMF, DTMF_RELAY), fc.uint8Array(), (type, body) => {
        parseInfoKey(type, body);
      }),
    );
  });
});
