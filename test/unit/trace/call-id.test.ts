import { expect, test } from 'vitest';
import { callIdOf } from '../../../src/trace/call-id.ts';

const REST = 'From: <sip:a@b>;tag=1\r\n\r\n';

test.each([
  ['Call-ID: one@host\r\n', 'one@host'],
  ['Call-ID:   one@host \r\n', 'one@host'],
  ['CALL-ID : one@host\r\n', 'one@host'],
  ['i: one@host\r\n', 'one@host'],
  ['Subject: x\r\n', undefined],
])('%j', (line, callId) => {
  expect(callIdOf(`BYE sip:a@b SIP/2.0\r\n${line}${REST}`)).toBe(callId);
});

test('a Call-ID that a body quotes is of another call', () => {
  const body = 'SIP/2.0 200 OK\r\nCall-ID: other\r\n\r\n';
  expect(callIdOf(`NOTIFY sip:a@b SIP/2.0\r\ni: one@host\r\n${REST}${body}`)).toBe('one@host');
});
