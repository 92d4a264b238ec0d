import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink, LegQuality } from '../events/index.ts';
import type { LegId, MediaEvent, TrackId } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type {
  CallHandler,
  IncomingInvite,
  OfferSettlement,
  SipCall,
  SipEnd,
  SipRequestInfo,
} from '../sip/ports.ts';
import { allowedMediaSources, mediaAddressFault } from '../trunk/media-address.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
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
import { type CallAction, type CallInput, type CallState, openingCall, step } from './state.ts';

/** How long the leg's last numbers are waited for when a call is over. */
const QUALITY_WAIT_MS: Millis = 1000;

export interface PhoneCallOptions {
  /** `SCL_…`. */
  readonly id: string;
  readonly leg: LegId;
  readonly track: TrackId;
  readonly invite: IncomingInvite;
  readonly trunk: InboundTrunk;
  readonly negotiation: Negotiation;
  /** The planned answer to the INVITE's offer; undefined when it had none and ours goes out in the 200. */
  readonly planned: PlannedAnswer | undefined;
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
  #state: CallState = openingCall;
  #room: RoomHandle | undefined;
  #participant: Participant | undefined;
  #sip: SipCall | undefined;
  #port = 0;
  #published = false;
  #deadline: Alarm | undefined;

  constructor(options: PhoneCallOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** The call is in its room: reserve a port, and let it ring meanwhile. */
  enter(room: RoomHandle, participant: Participant): void {
    const { leg, track, clock, timers, trunk } = this.#options;
    this.#room = room;
    this.#participant = participant;
    room.listen(leg, (event) => this.#onMedia(event));
    room.media({ type: 'leg.open', room: room.sid, leg, track });
    this.#options.invite.progress(180);
    this.#options.emit({ type: 'call.ringing', call: this.id });
    this.#deadline = timers.schedule(clock.now() + trunk.ringingTimeoutMs, () => this.end('ringing-timeout'));
  }

  /** Ends the call from our side, whatever state it is in. */
  end(cause: EndingCause): void {
    this.#input({ type: 'end', cause, by: 'gateway' });
  }

  // --- what SIP says

  confirmed(answer: Uint8Array | undefined): void {
    if (this.#options.planned === undefined && !this.#published) {
      const agreed = this.#options.negotiation.accept(answer);
      if (!agreed.ok) {
        this.end(agreed.error);
        return;
      }
      if (!this.#agreed(agreed.value)) return;
    }
    this.#input({ type: 'acknowledged' });
  }

  reoffered(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void {
    const { negotiation } = this.#options;
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
    const { trunk } = this.#options;
    if (mediaAddressFault(trunk, agreement.remote.address, request.flow.remote.address) !== undefined) {
      settle.reject(refusalStatus('bad-media-address'));
      return;
    }
    settle.accept(negotiation.answer(planned.value, this.#announced(request)));
    this.#applyMedia(agreement);
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
      case 'leg.digit':
        emit({ type: 'call.dtmf', call: this.id, digit: event.digit, durationMs: event.durationMs });
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
    const { invite, negotiation, planned, timers, clock, trunk } = this.#options;
    const at = this.#announced(invite.request);
    this.#sip = invite.accept(
      planned === undefined ? negotiation.offer(at) : negotiation.answer(planned, at),
    );
    timers.cancel(this.#deadline);
    this.#deadline =
      trunk.maxCallDurationMs === 0
        ? undefined
        : timers.schedule(clock.now() + trunk.maxCallDurationMs, () => this.end('max-duration'));
    if (planned !== undefined) this.#agreed(planned.plan.agreement);
  }

  /** First agreement of the call: media starts and the phone is heard. False when the call ended over it. */
  #agreed(agreement: AudioAgreement): boolean {
    const { invite, clock, emit, receivedAt } = this.#options;
    const room = this.#room;
    const participant = this.#participant;
    if (room === undefined || participant === undefined) return false;
    const source = invite.request.flow.remote.address;
    if (mediaAddressFault(this.#options.trunk, agreement.remote.address, source) !== undefined) {
      this.end('bad-media-address');
      return false;
    }
    this.#applyMedia(agreement);
    this.#published = true;
    room.publish(participant, this.#voice(agreement));
    room.update(participant, { attributes: new Map([['sip.callStatus', 'active']]) });
    room.activate(participant);
    const setupMs = clock.now() - receivedAt;
    emit({ type: 'call.answered', call: this.id, room: room.name, codec: agreement.codec.mime, setupMs });
    return true;
  }

  #applyMedia(agreement: AudioAgreement): void {
    const { leg, trunk, invite } = this.#options;
    const { address } = agreement.remote;
    const allowedSources = allowedMediaSources(trunk, address, invite.request.flow.remote.address);
    this.#room?.media({ type: 'leg.media', leg, media: { ...agreement, allowedSources } });
  }

  #voice(agreement: AudioAgreement): Track {
    return {
      sid: this.#options.track,
      name: 'phone',
      kind: 'audio',
      source: 'microphone',
      origin: { from: 'leg', leg: this.#options.leg },
      codecs: [agreement.codec],
      stream: '',
      muted: false,
      disableDtx: true,
      stereo: false,
    };
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
