import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, type Question, readAnswer, readQuestion } from '../../../src/netcheck/messages.ts';

const questions: Question[] = [
  { type: 'ping', number: 7 },
  { type: 'offer', way: 'udp', sdp: 'v=0' },
  { type: 'stun' },
];
const media = [{ transport: 'udp', address: '192.0.2.1', port: 7882 }] as const;
const answers: Answer[] = [
  {
    type: 'welcome',
    media,
    servers: [{ urls: ['turn:192.0.2.1'], username: 'u', credential: 'c' }],
    lifeMs: 1,
  },
  { type: 'pong', number: 7 },
  { type: 'answer', way: 'udp', sdp: 'v=0' },
  { type: 'stun', ufrag: 'u', pwd: 'p', media },
  { type: 'refused', reason: 'bad-offer', way: '' },
];

test('each side reads what the other writes', () => {
  for (const question of questions) expect(readQuestion(JSON.stringify(question))).toEqual(question);
  for (const answer of answers) expect(readAnswer(JSON.stringify(answer))).toEqual(answer);
});

test('what is none is undefined, and nothing throws', () => {
  for (const text of ['', 'null', '7', '[]', '{}', '{"type":"ping"}', '{"type":"ping","number":1.5}'])
    expect(readQuestion(text)).toBeUndefined();
  const offer = { type: 'offer', way: 'w', sdp: 'x'.repeat(20_000) };
  expect(readQuestion(JSON.stringify(offer))).toBeUndefined();
  expect(readQuestion(JSON.stringify({ ...offer, sdp: '', way: 'w'.repeat(65) }))).toBeUndefined();
  expect(readAnswer('{"type":"welcome","media":[{"transport":"udp"}],"servers":[]}')).toBeUndefined();
  expect(readAnswer('{"type":"welcome","media":[],"servers":[null]}')).toBeUndefined();
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      readQuestion(text);
      readAnswer(text);
    }),
  );
});
