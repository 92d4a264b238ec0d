import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { Negotiation } from '../../../src/call/negotiation.ts';
import { nothingAgreed, type OfferAnswer, stepOfferAnswer } from '../../../src/call/offer-answer.ts';
import type { AudioAgreement } from '../../../src/sdp/phone-answer.ts';
import { offer } from './rig.ts';

const AT = { address: '192.0.2.1', port: 12_000 };
const agreement = { dtmfIn: 101 } as AudioAgreement;
const planned = { offer: { lines: [] }, plan: { line: 0, agreement } };
const ours = { codecs: ['PCMA' as const], direction: 'sendrecv' as const };

test('one offer at a time: a second has no place, nor has an answer to nothing', () => {
  const local = stepOfferAnswer(nothingAgreed, { type: 'we-offer', offer: ours })!;
  const remote = stepOfferAnswer(nothingAgreed, { type: 'they-offer', planned })!;
  for (const state of [local, remote]) {
    expect(stepOfferAnswer(state, { type: 'we-offer', offer: ours })).toBeUndefined();
    expect(stepOfferAnswer(state, { type: 'they-offer', planned })).toBeUndefined();
  }
  const theirs = { type: 'they-answer' as const, agreement, answer: { lines: [] } };
  expect(stepOfferAnswer(remote, theirs)).toBeUndefined();
  expect(stepOfferAnswer(local, { type: 'we-answer' })).toBeUndefined();
  for (const input of [{ type: 'we-answer' as const }, { type: 'refused' as const }, theirs]) {
    expect(stepOfferAnswer(nothingAgreed, input)).toBeUndefined();
  }
});

test('only a complete exchange changes what is agreed, whatever the order of things', () => {
  const input = fc.constantFrom('we-offer', 'they-offer', 'we-answer', 'they-answer', 'refused');
  fc.assert(
    fc.property(fc.array(input), (types) => {
      let state: OfferAnswer = nothingAgreed;
      for (const type of types) {
        const next = stepOfferAnswer(state, {
          type,
          offer: ours,
          planned,
          agreement,
          answer: { lines: [] },
        });
        if (next === undefined) continue;
        const completes = type === 'we-answer' || type === 'they-answer';
        if (!completes) expect(next.agreed).toBe(state.agreed);
        expect(next.phase === 'stable').toBe(completes || type === 'refused');
        state = next;
      }
    }),
  );
});

test('our hold: what we offer and what we answer stay within it', () => {
  const negotiation = new Negotiation(['PCMA'], 1);
  const first = negotiation.plan(offer());
  if (!first.ok) throw new Error(first.error);
  negotiation.answer(first.value, AT);
  negotiation.want('sendonly');
  const text = new TextDecoder().decode(negotiation.offer(AT));
  expect(text).toContain('a=sendonly');
  expect(negotiation.accept(offer(['m=audio 4000 RTP/AVP 8', 'a=recvonly']))).toMatchObject({
    ok: true,
    value: { direction: 'sendonly' },
  });
  expect(negotiation.plan(offer())).toMatchObject({
    value: { plan: { agreement: { direction: 'sendonly' } } },
  });
});

test('an answer that cannot be read leaves what was agreed', () => {
  const negotiation = new Negotiation(['PCMA'], 1);
  const first = negotiation.plan(offer());
  if (!first.ok) throw new Error(first.error);
  negotiation.answer(first.value, AT);
  const before = negotiation.agreement;
  negotiation.offer(AT);
  expect(negotiation.accept(utf8('nonsense')).ok).toBe(false);
  expect(negotiation.agreement).toBe(before);
  expect(negotiation.busy).toBe(false);
});
