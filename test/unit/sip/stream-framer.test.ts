import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { StreamFramer } from '../../../src/sip/stream-framer.ts';

function framer(limit?: number): { framer: StreamFramer; messages: string[]; pings: () => number } {
  const messages: string[] = [];
  let pings = 0;
  const events = {
    message: (bytes: Uint8Array) => void messages.push(fromUtf8(bytes)),
    ping: () => void pings++,
  };
  return { framer: new StreamFramer(events, limit), messages, pings: () => pings };
}

const ONE = 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 4\r\n\r\nbody';
const TWO = 'OPTIONS sip:b SIP/2.0\r\nl : 0\r\nX: y\r\n\r\n';

test('messages that come pipelined, cut anywhere, are cut out right; pings between them are counted', () => {
  const stream = utf8(`\r\n\r\n${ONE}\r\n${TWO}\r\n\r\n${ONE}`);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const { framer: subject, messages, pings } = framer();
      let from = 0;
      for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
        // A socket reuses its buffer: what was pushed may change afterwards.
        const piece = stream.slice(from, cut);
        expect(subject.push(piece)).toBeUndefined();
        piece.fill(0);
        from = cut;
      }
      expect(messages).toEqual([ONE, TWO, ONE]);
      expect(pings()).toBe(2);
    }),
  );
});

test.each([
  ['stream-no-content-length', 'OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\n'],
  ['stream-bad-content-length', 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 1x\r\n\r\n'],
  ['stream-bad-content-length', 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n'],
  ['stream-too-large', 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 1000\r\n\r\n'],
  ['stream-too-large', 'x'.repeat(300)],
])('%s ends the stream', (fault, text) => {
  const { framer: subject, messages } = framer(256);
  expect(subject.push(utf8(text))).toBe(fault);
  expect(subject.push(utf8(ONE))).toBe(fault);
  expect(messages).toEqual([]);
});

test('never throws, and never gives out more than the limit', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(utf8(ONE), utf8('\r\n'), utf8('l: 3\r\n\r\n')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const subject = new StreamFramer(
        { message: (bytes) => expect(bytes.length).toBeLessThanOrEqual(100), ping() {} },
        100,
      );
      for (const each of pieces) subject.push(concat([each]));
    }),
  );
});
