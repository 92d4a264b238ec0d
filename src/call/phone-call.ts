import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink, LegQuality } from '../events/index.ts';
import type { LegId, MediaEvent, TrackId } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type { Direction } from '../sdp/phone-description.ts';
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
import { mediaAddressFault } from '../trunk/media-address.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
import { PRESSED_MS } from './dial-digits.ts';
import {
  causeOfRemoval,
  causeOfSipEnd,
  type EndingCause,
  endingOf,
  leaveReasonOf,
  reasonHeader,
  refusalStatus,
} from './ending.ts';
import type { Negotiation, PlannedAnswer } from './negotiation.ts';
import { PhoneVoice } from './phone-voice.ts';
import {
  type Answering,
  type CallAction,
  type CallInput,
  type CallState,
  openingCall,
  step,
} from './state.ts';

/** How long the leg's last numbers are waited for when a call is over. */
const QUALITY_WAIT_MS: Millis = 1000;

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
  /** At once when not given. */
  readonly answering?: Answering;
  readonly receivedAt: Millis;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** The address under which the phone reaches our RTP. */
  readonly announce: (remote: HostPort) => string;
  /** The call is over and everything given back. */
  onOver(): void;
}

/**
 * An inbound call: a SIP dialog on one side, a participant on the other, a leg in the media worker between. Decides by
 * {@link step}; this class carries out. What the phone says in SDP is in {@link Negotiation}.
 */
export class PhoneCall implements CallHandler, Door {
  readonly id: string;
  readonly #options: PhoneCallOptions;
  #state: CallState;
  /** Our side of the INVITE's offer and answer: it may go out early, and stands in the 200. */
  #described: Uint8Array | undefined;
  #room: RoomHandle | undefined;
  #participant: Participant | undefined;
  #sip: SipCall | undefined;
  #voice: PhoneVoice | undefined;
  #port = 0;
  #deadline: Alarm | undefined;

  constructor(options: PhoneCallOptions) {
    this.id = options.id;
    this.#options = options;
    this.#state = openingCall(options.answering ?? 'at-once');
  }

  /** The call is in its room: reserve a port, and let it ring meanwhile. */
  enter(room: RoomHandle, participant: Participant): void {
    const { leg, newTrack, clock, timers, trunk, emit } = this.#options;
    const track = newTrack();
    const source = this.#options.invite.request.flow.remote.address;
    this.#room = room;
    this.#participant = participant;
    this.#voice = new PhoneVoice({
      ...{ call: this.id, leg, track, newTrack, room, participant, trunk, source, emit },
      now: () => clock.now(),
    });
    room.listen(leg, (event) => this.#onMedia(event));
    room.media({ type: 'leg.open', room: room.sid, leg, track });
    this.#options.invite.progress(180);
    emit({ type: 'call.ringing', call: this.id });
    this.#deadline = timers.schedule(clock.now() + trunk.ringingTimeoutMs, () => this.end('ringing-timeout'));
  }

  /** Answers a call that has early media. */
  answer(): void {
    this.#input({ type: 'answer' });
  }

  /** Ends the call from our side, whatever state it is in. */
  end(cause: EndingCause): void {
    this.#input({ type: 'end', cause, by: 'gateway' });
  }

  /** Puts the phone on hold: it hears nothing, and the room hears nothing of it. */
  hold(): void {
    this.#want('inactive');
  }

  /** Takes the phone back from our own hold; its own, if there is one, it must end itself. */
  resume(): void {
    this.#want('sendrecv');
  }

  // --- what SIP says

  confirmed(answer: Uint8Array | undefined): void {
    const { negotiation } = this.#options;
    if (negotiation.offering) {
      const agreed = negotiation.accept(answer);
      // A late re-INVITE whose ACK brings nothing leaves the call as it was; an INVITE has nothing to go back to.
      if (agreed.ok) this.#agreed(agreed.value);
      else if (negotiation.agreement === undefined) this.end(agreed.error);
    }
    this.#input({ type: 'acknowledged' });
  }

  /** A PRACK answered the offer that went out with our 183. */
  earlyAnswer(answer: Uint8Array | undefined): void {
    const agreed = this.#options.negotiation.accept(answer);
    if (agreed.ok) this.#agreed(agreed.value);
    else this.end(agreed.error);
  }

  reoffered(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void {
    const { negotiation, trunk } = this.#options;
    if (negotiation.busy) {
      settle.reject(491);
      return;
    }
    if (offer === undefined) {
      // A late-offer re-INVITE gets our full current offer (RFC 3261 section 14.2).
      settle.accept(negotiation.offer(this.#announced(request)));
      return;
    }
    const planned = negotiation.plan(offer);
    if (!planned.ok) {
      settle.reject(refusalStatus(planned.error));
      return;
    }
    const { agreement } = planned.value.plan;
    if (mediaAddressFault(trunk, agreement.remote.address, request.flow.remote.address) !== undefined) {
      negotiation.refused();
      settle.reject(refusalStatus('bad-media-address'));
      return;
    }
    settle.accept(negotiation.answer(planned.value, this.#announced(request)));
    this.#agreed(agreement);
  }

  /** A session refresh by re-INVITE says what stands already. */
  refreshOffer(): ReofferHandler {
    return this.#offering(() => this.#options.negotiation.repeat(this.#announcedFirst()));
  }

  requested(request: SipRequestInfo): number {
    switch (request.method) {
      case 'REFER':
        // Nobody is transferred on a phone's word.
        return 603;
      case 'INFO':
        return 415;
      default:
        return 405;
    }
  }

  ended(end: SipEnd): void {
    this.#input({ type: 'end', cause: causeOfSipEnd(end), by: 'sip' });
  }

  // --- what the room says; a phone hears the room's mix, so tracks need nothing done

  participantsChanged(): void {}
  subscribed(): void {}
  unsubscribed(): void {}
  muteRequested(): void {}
  speakersChanged(): void {}
  dataReceived(): void {}

  keyPressed(digit: string): void {
    this.#room?.media({ type: 'leg.dtmf', leg: this.#options.leg, digit, durationMs: PRESSED_MS });
  }

  removed(reason: LeaveReason): void {
    this.end(causeOfRemoval(reason));
  }

  // --- what the media worker says

  #onMedia(event: MediaEvent): void {
    const { clock, emit, receivedAt } = this.#options;
    switch (event.type) {
      case 'leg.opened':
        this.#port = event.port;
        this.#input({ type: 'port-opened', port: event.port });
        return;
      case 'leg.failed':
        this.end('no-ports');
        return;
      case 'leg.heard':
        emit({ type: 'call.media', call: this.id, firstRtpMs: clock.now() - receivedAt });
        return;
      case 'leg.spoke':
        emit({ type: 'call.spoken', call: this.id });
        return;
      case 'leg.digit':
        emit({ type: 'call.dtmf', call: this.id, digit: event.digit, durationMs: event.durationMs });
        if (this.#participant !== undefined) this.#room?.pressKey(this.#participant, event.digit, []);
        return;
      case 'leg.silent':
        this.end('media-timeout');
        return;
      case 'leg.closed':
        this.#finish(event.quality);
        return;
      default:
        return;
    }
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
        this.#agreedSoFar();
        return;
      case 'reject':
        this.#options.invite.reject(refusalStatus(action.cause), [reasonHeader(action.cause)]);
        return;
      case 'hang-up':
        this.#sip?.bye([reasonHeader(action.cause)]);
        return;
      case 'release':
        this.#release(action.cause);
        return;
    }
  }

  #answer(): void {
    const { invite, timers, clock, trunk } = this.#options;
    const headers = headersOf(trunk.headers, this.#participant?.attributes ?? new Map());
    this.#sip = invite.accept(this.#describe(), headers);
    timers.cancel(this.#deadline);
    this.#deadline =
      trunk.maxCallDurationMs === 0
        ? undefined
        : timers.schedule(clock.now() + trunk.maxCallDurationMs, () => this.end('max-duration'));
    this.#agreedSoFar();
  }

  #describe(): Uint8Array {
    const { negotiation, planned } = this.#options;
    const at = this.#announcedFirst();
    this.#described ??= planned === undefined ? negotiation.offer(at) : negotiation.answer(planned, at);
    return this.#described;
  }

  /** Media follow what is agreed on by now; after a late offer that is nothing before the far end has answered. */
  #agreedSoFar(): void {
    const { agreement } = this.#options.negotiation;
    if (agreement !== undefined) this.#agreed(agreement);
  }

  /** An offer of ours in the dialog; refused, it leaves the call as it was. */
  #offering(offer: () => Uint8Array | undefined): ReofferHandler {
    const { negotiation } = this.#options;
    return {
      offer: () => (negotiation.busy ? undefined : offer()),
      postponed: () => negotiation.refused(),
      accepted: (answer) => {
        const agreed = negotiation.accept(answer);
        if (agreed.ok) this.#agreed(agreed.value);
      },
      refused: () => {
        if (negotiation.offering) negotiation.refused();
      },
    };
  }

  #want(direction: Direction): void {
    const { negotiation } = this.#options;
    negotiation.want(direction);
    if (this.#sip === undefined || this.#state.phase === 'ended') return;
    this.#sip.reoffer(this.#offering(() => negotiation.offer(this.#announcedFirst())));
  }

  /** An offer and its answer are complete: media begin or change. */
  #agreed(agreement: AudioAgreement): void {
    const { invite, trunk } = this.#options;
    const voice = this.#voice;
    if (voice === undefined || this.#state.phase === 'ended') return;
    if (
      mediaAddressFault(trunk, agreement.remote.address, invite.request.flow.remote.address) !== undefined
    ) {
      this.end('bad-media-address');
      return;
    }
    if (this.#state.phase === 'early') {
      voice.playOnly(agreement);
      return;
    }
    const first = !voice.started;
    voice.apply(agreement, this.#options.negotiation.holding ? 'gateway' : 'phone');
    if (first) this.#activate(agreement);
  }

  #activate(agreement: AudioAgreement): void {
    const { clock, emit, receivedAt } = this.#options;
    const room = this.#room;
    const participant = this.#participant;
    if (room === undefined || participant === undefined) return;
    room.update(participant, { attributes: new Map([['sip.callStatus', 'active']]) });
    room.activate(participant);
    const setupMs = clock.now() - receivedAt;
    emit({ type: 'call.answered', call: this.id, room: room.name, codec: agreement.codec.mime, setupMs });
  }

  #announcedFirst(): { address: string; port: number } {
    return this.#announced(this.#options.invite.request);
  }

  #announced(request: SipRequestInfo): { address: string; port: number } {
    return { address: this.#options.announce(request.flow.remote), port: this.#port };
  }

  #release(cause: EndingCause): void {
    const { leg, timers, clock } = this.#options;
    timers.cancel(this.#deadline);
    const room = this.#room;
    if (room === undefined || this.#participant === undefined) {
      this.#finish(undefined);
      return;
    }
    room.leave(this.#participant, leaveReasonOf(cause));
    room.media({ type: 'leg.close', leg });
    // A worker that died says nothing more: the call is over all the same.
    this.#deadline = timers.schedule(clock.now() + QUALITY_WAIT_MS, () => this.#finish(undefined));
  }

  #finish(quality: LegQuality | undefined): void {
    const state = this.#state;
    if (state.phase !== 'ended') {
      // The worker closed the leg on its own, with its room.
      this.end('media-failure');
      return;
    }
    const { timers, emit, leg } = this.#options;
    timers.cancel(this.#deadline);
    this.#room?.unlisten(leg);
    this.#room = undefined;
    emit({
      type: 'call.ended',
      call: this.id,
      ending: endingOf(state.cause),
      durationMs: state.talkedMs,
      ...(quality === undefined ? {} : { quality }),
    });
    this.#options.onOver();
  }
}
