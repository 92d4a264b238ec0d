import type { Clock } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink, LegQuality } from '../events/index.ts';
import type { LegId, TrackId } from '../media/protocol.ts';
import type { Participant } from '../room/participant.ts';
import type { AnteroomHandle, RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type {
  CallHandler,
  IncomingInvite,
  OfferSettlement,
  ReofferHandler,
  SipCall,
  SipEnd,
  SipRequestInfo,
} from '../sip/ports.ts';
import { headersOf } from '../trunk/headers.ts';
import { isVouchedFor } from '../trunk/media-address.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import type { InboundTrunk, MediaPatience } from '../trunk/trunk.ts';
import type { ReferralTaker } from './dialog-requests.ts';
import { causeOfSipEnd, type EndingCause, reasonHeader, refusalHeaders, refusalStatus } from './ending.ts';
import { endingHeard } from './heard-ending.ts';
import type { LineOwner } from './line-options.ts';
import type { Negotiation, PlannedAnswer } from './negotiation.ts';
import type { CallWay } from './phone-calls.ts';
import { PhoneLine } from './phone-line.ts';
import {
  answeringOf,
  type PinVerdict,
  Reception,
  type ReceptionCall,
  type ReceptionPlan,
} from './reception.ts';
import {
  type Answering,
  type CallAction,
  type CallInput,
  type CallState,
  openingCall,
  step,
} from './state.ts';

export interface PhoneCallOptions {
  /** `SCL_…`. */
  readonly id: string;
  readonly leg: LegId;
  /** An id for the phone's track: one for each codec that it has in the course of the call. */
  readonly newTrack: () => TrackId;
  readonly invite: IncomingInvite;
  readonly trunk: InboundTrunk;
  readonly negotiation: Negotiation;
  /** The planned answer to the INVITE's offer; undefined when it had none and ours goes out in the 200. */
  readonly planned: PlannedAnswer | undefined;
  /** What the caller meets before the room, and when he is answered. */
  readonly reception: ReceptionPlan;
  /** When it is answered; as `reception` has it when not given. */
  readonly answering?: Answering | undefined;
  /** Takes the phone's REFERs; undefined: they are refused. */
  readonly referrals?: ReferralTaker | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** The address under which the phone reaches our RTP. */
  readonly announce: (remote: HostPort) => string;
  /** Where media may go, beside what the trunk says. */
  readonly mediaPolicy?: MediaPolicy | undefined;
  /** Our 200 goes out. */
  readonly answered?: (() => void) | undefined;
  /** The call is over and everything given back. */
  onOver(): void;
}

/**
 * An inbound call: a SIP dialog on one side, a {@link PhoneLine} into a room on the other. Decides by {@link step}; this
 * class carries out. What the phone says in SDP is in {@link Negotiation}.
 */
export class PhoneCall implements CallHandler, LineOwner, ReceptionCall {
  readonly id: string;
  /** The phone in its room. */
  readonly line: PhoneLine;
  readonly #options: PhoneCallOptions;
  readonly #reception: Reception;
  #state: CallState;
  /** Our side of the INVITE's offer and answer: it may go out early, and stands in the 200. */
  #described: Uint8Array | undefined;
  #sip: SipCall | undefined;
  /** No ACK yet: nobody has shown that he is where he says. */
  #awaitsAck = true;
  /** What SIP said of the end; undefined: it was ours to end. */
  #lastEnd: SipEnd | undefined;

  constructor(options: PhoneCallOptions) {
    this.id = options.id;
    this.#options = options;
    const offer = options.planned === undefined ? 'no-offer' : 'offer';
    this.#state = openingCall(options.answering ?? answeringOf(options.reception, offer));
    this.line = new PhoneLine(options, this);
    this.#reception = new Reception(options.reception, this, options);
    this.line.ends.signalsFrom(options.invite.request.flow.remote);
  }

  /** The trunk that it came by. */
  get way(): CallWay {
    return { way: 'in', trunk: this.#options.trunk };
  }

  /** The call is in its room: reserve a port, and let it ring meanwhile. */
  enter(room: RoomHandle, participant: Participant): void {
    this.line.enter(room, participant);
    this.#ring();
  }

  /** The call has to prove itself before it has a room. */
  waitIn(anteroom: AnteroomHandle): void {
    this.line.waitIn(anteroom);
    this.#ring();
  }

  /** Answers a call that has early media. */
  answer(): void {
    this.#input({ type: 'answer' });
  }

  /** Ends the call from our side, whatever state it is in. */
  end(cause: EndingCause): void {
    this.#input({ type: 'end', cause, by: 'gateway' });
  }

  // --- what SIP says

  confirmed(answer: Uint8Array | undefined): void {
    this.#acknowledged();
    const fault = this.line.offers.answered(answer);
    // A late re-INVITE whose ACK brings nothing leaves the call as it was; an INVITE has nothing to go back to.
    if (fault !== undefined && this.#options.negotiation.agreement === undefined) this.end(fault);
    this.#input({ type: 'acknowledged' });
  }

  /** A PRACK answered the offer that went out with our 183. */
  earlyAnswer(answer: Uint8Array | undefined): void {
    const agreed = this.#options.negotiation.accept(answer);
    if (agreed.ok) this.line.agreed(agreed.value);
    else this.end(agreed.error);
  }

  reoffered(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void {
    this.line.offers.received(request, offer, settle);
  }

  refreshOffer(): ReofferHandler {
    return this.line.offers.refresh();
  }

  requested(request: SipRequestInfo): number {
    return this.line.requests.answer(request);
  }

  ended(end: SipEnd): void {
    if (this.#state.phase !== 'ended') this.#lastEnd = end;
    this.#input({ type: 'end', cause: causeOfSipEnd(end), by: 'sip' });
  }

  // --- what its line says

  portOpened(): void {
    this.#input({ type: 'port-opened' });
  }

  agreed(agreement: AudioAgreement): void {
    if (this.#state.phase === 'early' || !this.line.presence.isKnown) {
      this.line.playOnly(agreement);
      this.#reception.mediaBegun();
      return;
    }
    const first = !this.line.hasVoice;
    this.line.apply(agreement);
    if (!first) return;
    this.line.activate(agreement);
    this.#reception.joined();
  }

  silent(): void {
    this.end('media-timeout');
  }

  keyHeard(digit: string): boolean {
    return this.#reception.keyHeard(digit);
  }

  played(): void {
    this.#reception.played();
  }

  companyChanged(): void {
    this.#reception.companyChanged();
  }

  awaitsCompany(): boolean {
    return this.#reception.awaitsCompany;
  }

  get patience(): MediaPatience {
    return this.#reception.patience;
  }

  /** An address for which nobody speaks but the SDP gets nothing before our answer is acknowledged. */
  withholds({ remote }: AudioAgreement): boolean {
    const { trunk, invite } = this.#options;
    return this.#awaitsAck && !isVouchedFor(trunk, remote.address, invite.request.flow.remote.address);
  }

  left(quality: LegQuality | undefined): void {
    const state = this.#state;
    if (state.phase !== 'ended') return;
    const ended = {
      type: 'call.ended',
      call: this.id,
      ending: endingHeard(state.cause, this.#lastEnd),
      durationMs: state.talkedMs,
    } as const;
    this.#options.emit(quality === undefined ? ended : { ...ended, quality });
    this.#options.onOver();
  }

  // --- what its reception says

  pinChecked(verdict: PinVerdict): void {
    const { emit, trunk } = this.#options;
    emit({ type: 'call.pin', call: this.id, trunk: trunk.id, verdict });
  }

  /** Media follow what is agreed on by now; after a late offer that is nothing before the far end has answered. */
  proceed(): void {
    const { agreement } = this.#options.negotiation;
    if (agreement !== undefined) this.line.agreed(agreement);
  }

  #ring(): void {
    this.#options.invite.progress(180);
    this.#options.emit({ type: 'call.ringing', call: this.id });
    this.#reception.begin();
  }

  #input(input: CallInput): void {
    const result = step(this.#state, input, this.#options.clock.now());
    this.#state = result.state;
    for (const action of result.actions) this.#carryOut(action);
  }

  #carryOut(action: CallAction): void {
    switch (action.do) {
      case 'answer':
        this.#answer();
        return;
      case 'early-media':
        this.#options.invite.progress(183, this.#describe());
        this.proceed();
        return;
      case 'reject':
        this.#options.invite.reject(refusalStatus(action.cause), refusalHeaders(action.cause));
        return;
      case 'hang-up':
        this.#sip?.bye([reasonHeader(action.cause)]);
        return;
      case 'release':
        this.#reception.close();
        this.line.leave(action.cause);
        return;
    }
  }

  #answer(): void {
    const { invite, trunk } = this.#options;
    this.#sip = invite.accept(this.#describe(), headersOf(trunk.headers, this.line.presence.attributes));
    this.line.established(this.#sip);
    this.#reception.answered();
    this.proceed();
    this.#options.answered?.();
  }

  #describe(): Uint8Array {
    const { negotiation, planned } = this.#options;
    const at = this.line.ends.announced(undefined, planned?.plan.agreement.remote);
    this.#described ??= planned === undefined ? negotiation.offer(at) : negotiation.answer(planned, at);
    return this.#described;
  }

  #acknowledged(): void {
    const { agreement } = this.#options.negotiation;
    const isWithheld = agreement !== undefined && this.withholds(agreement);
    this.#awaitsAck = false;
    if (isWithheld) this.line.agreed(agreement);
  }
}
