import { fromUtf8, hex, utf8 } from '../base/bytes.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Fingerprint } from '../media/protocol.ts';
import { CRYPTO_SUITES, type CryptoSuite, OFFERED_SUITES } from '../sdp/crypto.ts';
import type { OfferedEncryption } from '../sdp/encryption.ts';
import {
  type AudioAgreement,
  type MediaWay,
  type NegotiationFault,
  planAnswer,
  writeAnswer,
} from '../sdp/phone-answer.ts';
import { isCodec, type PhoneCodec } from '../sdp/phone-codec.ts';
import { type Direction, readPhoneSdp } from '../sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../sdp/phone-offer.ts';
import { type LocalDescription, type LocalSession, revise } from '../sdp/phone-write.ts';
import type { EndingCause } from './ending.ts';
import type { MediaTerms } from './media-terms.ts';
import {
  nothingAgreed,
  type OfferAnswer,
  type OfferAnswerInput,
  type PlannedAnswer,
  stepOfferAnswer,
} from './offer-answer.ts';
import type { WebMedia } from './web-media.ts';

export type { PlannedAnswer } from './offer-answer.ts';

/** Our RTP as the phone shall see it. */
export interface AnnouncedPort {
  readonly address: string;
  readonly port: number;
  /** Of the certificate that answers there; only web phones ask for one. */
  readonly fingerprint?: Fingerprint | undefined;
}

/** Of a `tls-id`, which has 20 characters at least (RFC 8842 section 4). */
const TLS_ID_BYTES = 12;

/** One call's offers and answers as SDP; where they stand is {@link OfferAnswer}. */
export class Negotiation {
  readonly #sessionId: number;
  readonly #codecs: readonly PhoneCodec[];
  readonly #terms: MediaTerms | undefined;
  /** Our end of a web phone's media; undefined: plain RTP. */
  readonly web: WebMedia | undefined;
  /** The far end could not read an offer of ours with SRTP on one line and plain RTP on another. */
  #inTheClear = false;
  #local: LocalDescription | undefined;
  #state: OfferAnswer = nothingAgreed;
  /** What we want; what comes of it depends on the phone. */
  #direction: Direction = 'sendrecv';

  /**
   * `codecs` are what the trunk allows; `sessionId` stands in our o= lines; `web` for who speaks by ICE and DTLS; without
   * `terms` there is plain RTP only.
   */
  constructor(codecs: readonly PhoneCodec[], sessionId: number, web?: WebMedia, terms?: MediaTerms) {
    this.#codecs = codecs;
    this.#terms = terms;
    this.#sessionId = sessionId;
    this.web = web;
  }

  /** What the last complete exchange agreed on. */
  get agreement(): AudioAgreement | undefined {
    return this.#state.agreed?.agreement;
  }

  /** An offer, whoever made it, has no answer yet: another would be glare (RFC 3261 section 14.2). */
  get busy(): boolean {
    return this.#state.phase !== 'stable';
  }

  /** An offer of ours waits for its answer. */
  get offering(): boolean {
    return this.#state.phase === 'local-offer';
  }

  /** Takes an offer and plans the answer: {@link answer} or {@link refused} must follow. */
  plan(bytes: Uint8Array): Result<PlannedAnswer, EndingCause> {
    const offer = readPhoneSdp(fromUtf8(bytes));
    if (!offer.ok) return fail('bad-offer');
    const encryption = this.#ourEncryption();
    const packetTimes = this.#terms?.packetTimes;
    const { association: standing } = this.agreement ?? {};
    const ours = {
      ...{ keep: this.#codec(), direction: this.#direction, way: this.#way },
      ...{ encryption, association: standing, packetTimes },
    };
    const plan = planAnswer(offer.value, this.#codecs, ours);
    if (!plan.ok) return fail(causeOf(plan.error));
    const { association } = plan.value.agreement;
    if (association !== undefined) this.web?.offered(association);
    const planned = { offer: offer.value, plan: plan.value };
    this.#step({ type: 'they-offer', planned });
    return ok(planned);
  }

  /** Our answer to the offer that was planned for. */
  answer({ offer, plan }: PlannedAnswer, at: AnnouncedPort): Uint8Array {
    this.#step({ type: 'we-answer' });
    return this.#write(at, (local) => writeAnswer(offer, plan, local));
  }

  /**
   * A full offer of ours, the codec in use first (RFC 6337 section 5.2.2); {@link accept} takes the answer, {@link refused}
   * forgets it.
   */
  offer(at: AnnouncedPort): Uint8Array {
    const codec = this.#codec();
    const { agreed } = this.#state;
    const dtmf = agreed?.agreement.dtmfIn;
    const offer: PhoneOffer = {
      codecs: codec === undefined ? this.#codecs : [codec, ...this.#codecs.filter((each) => each !== codec)],
      direction: this.#direction,
      way: this.#way,
      encryption: this.#offeredEncryption(),
      rtcpMux: this.#offersMux,
      packetTimes: this.#terms?.packetTimes,
      ...(dtmf === undefined ? {} : { dtmf }),
      ...(agreed === undefined ? {} : { session: agreed.session, known: agreed.agreement.accept }),
    };
    this.#step({ type: 'we-offer', offer });
    return this.#write(at, (local) => writeOffer(offer, local));
  }

  /** What stands already, as an offer: for a refresh that shall change nothing (RFC 4028 section 7.4). */
  repeat(at: AnnouncedPort): Uint8Array | undefined {
    const { agreed } = this.#state;
    const codec = this.#codec();
    if (agreed === undefined || codec === undefined || this.busy) return undefined;
    const { direction, dtmfIn, ptimeMs, accept: known } = agreed.agreement;
    const { session } = agreed;
    const codecs: PhoneCodec[] = agreed.agreement.comfortNoiseIn === undefined ? [codec] : [codec, 'CN'];
    const repeated = { codecs, known, direction, dtmf: dtmfIn ?? ('none' as const), ptimeMs, session };
    const offer: PhoneOffer = {
      ...{ ...repeated, way: this.#way, encryption: this.#offeredEncryption() },
      rtcpMux: this.#offersMux,
      packetTimes: this.#terms?.packetTimes,
    };
    this.#step({ type: 'we-offer', offer });
    return this.#write(at, (local) => writeOffer(offer, local));
  }

  /** What an answer in a provisional response would come to; nothing is settled by it. */
  preview(bytes: Uint8Array): Result<AudioAgreement, EndingCause> {
    const answer = readPhoneSdp(fromUtf8(bytes));
    if (this.#state.phase !== 'local-offer' || !answer.ok) return fail('no-answer-sdp');
    const agreement = acceptAnswer(this.#state.offer, answer.value);
    return agreement.ok ? agreement : fail('no-answer-sdp');
  }

  /** The phone's answer to our offer. An answer that is no use leaves the session as it was. */
  accept(bytes: Uint8Array | undefined): Result<AudioAgreement, EndingCause> {
    if (this.#state.phase !== 'local-offer') return fail('no-answer-sdp');
    const answer = bytes === undefined ? undefined : readPhoneSdp(fromUtf8(bytes));
    const agreement = answer?.ok === true ? acceptAnswer(this.#state.offer, answer.value) : undefined;
    if (answer?.ok !== true || agreement?.ok !== true) {
      this.refused();
      const fault = agreement?.ok === false ? causeOf(agreement.error) : 'no-answer-sdp';
      return fail(fault === 'no-common-codec' ? 'no-answer-sdp' : fault);
    }
    if (agreement.value.association !== undefined) this.web?.answered(agreement.value.association);
    this.#step({ type: 'they-answer', agreement: agreement.value, answer: answer.value });
    return ok(agreement.value);
  }

  /** Our next offer is of plain RTP alone; false: that was so already, or may not be. */
  withdrawEncryption(): boolean {
    if (this.#terms?.encryption !== 'allowed' || this.#inTheClear || this.agreement !== undefined)
      return false;
    this.#inTheClear = true;
    return true;
  }

  /** The open offer, ours or theirs, came to nothing: the session stays as it was. */
  refused(): void {
    if (this.#state.phase !== 'stable') this.#step({ type: 'refused' });
  }

  /** We keep the phone on hold, or are about to. */
  get holding(): boolean {
    return this.#direction !== 'sendrecv';
  }

  /** What we want from the next offer or answer on: `sendonly` while we hold. */
  want(direction: Direction): void {
    this.#direction = direction;
  }

  get #way(): MediaWay {
    return this.web === undefined ? 'rtp' : 'ice';
  }

  /** What stands stays: who agreed to it may offer nothing else later (RFC 5761 section 5.1.1). */
  get #offersMux(): boolean {
    const { agreement } = this;
    return agreement === undefined ? this.#terms?.rtcpMux === 'offered' : agreement.rtcpMux === true;
  }

  #ourEncryption() {
    const policy = this.#terms?.encryption ?? 'disabled';
    if (policy === 'disabled') return undefined;
    const { crypto: before, dtls } = this.agreement ?? {};
    return { policy, before, dtls, newKey: this.#newKey, newTlsId: this.#newTlsId };
  }

  /** What stands stays, with the key that stands; else all that we have. */
  #offeredEncryption(): OfferedEncryption | undefined {
    const { agreement } = this;
    const policy = this.#terms?.encryption ?? 'disabled';
    if (agreement !== undefined) {
      if (agreement.dtls !== undefined) return byDtls(agreement.dtls.ourId);
      return agreement.crypto === undefined ? undefined : { keys: [agreement.crypto.local], plain: 'never' };
    }
    if (policy === 'disabled' || this.#inTheClear || this.web !== undefined) return undefined;
    if (policy === 'dtls') return byDtls(this.#newTlsId());
    const keys = OFFERED_SUITES.map((suite, at) => ({ tag: at + 1, suite, ...this.#newKey(suite) }));
    return { keys, plain: policy === 'allowed' ? 'beside' : 'never' };
  }

  /** Each key is used for one session and one direction only (RFC 3711 section 9.1). */
  readonly #newKey = (suite: CryptoSuite): { readonly key: Uint8Array; readonly salt: Uint8Array } => {
    if (this.#terms === undefined) throw new Error('no key is made where no SRTP is wanted');
    const { key, salt } = CRYPTO_SUITES[suite];
    return { key: this.#terms.random.bytes(key), salt: this.#terms.random.bytes(salt) };
  };

  readonly #newTlsId = (): string => hex(this.#terms?.random.bytes(TLS_ID_BYTES) ?? new Uint8Array());

  #codec(): PhoneCodec | undefined {
    const { agreement } = this;
    return agreement === undefined ? undefined : this.#codecs.find((name) => isCodec(agreement.codec, name));
  }

  #step(input: OfferAnswerInput): void {
    const next = stepOfferAnswer(this.#state, input);
    if (next === undefined) throw new Error(`${input.type} has no place in ${this.#state.phase}`);
    this.#state = next;
  }

  #write({ address, port, fingerprint }: AnnouncedPort, build: (local: LocalSession) => string): Uint8Array {
    const association = fingerprint === undefined ? undefined : this.web?.describe(port, fingerprint);
    const packetTimes = this.#terms?.packetTimes;
    const at = { address, port, association, fingerprint, sessionId: this.#sessionId, packetTimes };
    this.#local = revise(this.#local, (version) => build({ ...at, version }));
    return utf8(this.#local.text);
  }
}

function byDtls(tlsId: string): OfferedEncryption {
  return { keys: [], plain: 'never', dtls: { tlsId } };
}

function causeOf(fault: NegotiationFault): EndingCause {
  return fault === 'no-audio' ? 'no-common-codec' : fault;
}
