import { fromUtf8, utf8 } from '../base/bytes.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type AnswerPlan, type AudioAgreement, planAnswer, writeAnswer } from '../sdp/phone-answer.ts';
import type { PhoneCodec } from '../sdp/phone-codec.ts';
import { type PhoneDescription, readPhoneSdp } from '../sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../sdp/phone-offer.ts';
import { type LocalDescription, revise } from '../sdp/phone-write.ts';
import type { EndingCause } from './ending.ts';

/** An offer that was understood, and what we would make of it. */
export interface PlannedAnswer {
  readonly offer: PhoneDescription;
  readonly plan: AnswerPlan;
}

/** Our RTP as the phone shall see it. */
export interface AnnouncedPort {
  readonly address: string;
  readonly port: number;
}

/** One call's offer/answer (RFC 3264): plain data, changed only when an exchange is complete. */
export class Negotiation {
  readonly #sessionId: number;
  #codecs: readonly PhoneCodec[];
  #local: LocalDescription | undefined;
  #ours: PhoneOffer | undefined;

  /** `codecs` are what the trunk allows; `sessionId` stands in our o= lines. */
  constructor(codecs: readonly PhoneCodec[], sessionId: number) {
    this.#codecs = codecs;
    this.#sessionId = sessionId;
  }

  /** Reads an offer and plans the answer; changes nothing yet, so that a failed re-INVITE leaves the call as it was. */
  plan(bytes: Uint8Array): Result<PlannedAnswer, EndingCause> {
    const offer = readPhoneSdp(fromUtf8(bytes));
    if (!offer.ok) return fail('bad-offer');
    const plan = planAnswer(offer.value, this.#codecs);
    if (!plan.ok) return fail('no-common-codec');
    return ok({ offer: offer.value, plan: plan.value });
  }

  /** Our answer to a planned offer. From now on the call keeps its codec. */
  answer({ offer, plan }: PlannedAnswer, at: AnnouncedPort): Uint8Array {
    this.#keepCodec(plan.agreement);
    return this.#write(at, (local) => writeAnswer(offer, plan, local));
  }

  /** An offer of ours, for an INVITE that brought none; {@link accept} takes the answer. */
  offer(at: AnnouncedPort): Uint8Array {
    const offer: PhoneOffer = { codecs: this.#codecs, direction: 'sendrecv' };
    this.#ours = offer;
    return this.#write(at, (local) => writeOffer(offer, local));
  }

  /** The phone's answer to our offer. */
  accept(bytes: Uint8Array | undefined): Result<AudioAgreement, EndingCause> {
    if (this.#ours === undefined || bytes === undefined) return fail('no-answer-sdp');
    const answer = readPhoneSdp(fromUtf8(bytes));
    if (!answer.ok) return fail('no-answer-sdp');
    const agreement = acceptAnswer(this.#ours, answer.value);
    if (!agreement.ok) return fail('no-answer-sdp');
    this.#ours = undefined;
    this.#keepCodec(agreement.value);
    return ok(agreement.value);
  }

  /** Browsers are subscribed in this codec: a re-INVITE may not change it (it is answered 488, and the call goes on). */
  #keepCodec(agreement: AudioAgreement): void {
    const name = agreement.codec.mime === 'audio/pcma' ? 'PCMA' : 'PCMU';
    this.#codecs = [name];
  }

  #write(
    at: AnnouncedPort,
    build: (local: { address: string; port: number; sessionId: number; version: number }) => string,
  ): Uint8Array {
    this.#local = revise(this.#local, (version) => build({ ...at, sessionId: this.#sessionId, version }));
    return utf8(this.#local.text);
  }
}
