import type { Millis } from '../base/clock.ts';
import { formatHostPort, type HostPort } from '../base/net.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { LegQuality } from '../events/index.ts';
import type { MediaEvent, TrackId } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import { formatNameAddr } from '../sip/name-addr.ts';
import type {
  NextHop,
  OfferSettlement,
  OutgoingHandler,
  OutgoingInvite,
  SipEnd,
  SipRequestInfo,
} from '../sip/ports.ts';
import { mediaAddressFault } from '../trunk/media-address.ts';
import { dialDigits, PRESSED_MS } from './dial-digits.ts';
import {
  causeOfRemoval,
  causeOfSipEnd,
  type EndingCause,
  leaveReasonOf,
  reasonHeader,
  refusalStatus,
} from './ending.ts';
import { endingOfOutgoing, isUnreachable } from './outgoing-ending.ts';
import type { OutgoingCallOptions } from './outgoing-options.ts';
import {
  type OutgoingAction,
  type OutgoingInput,
  type OutgoingState,
  stepOutgoing,
} from './outgoing-state.ts';
import { PhoneVoice } from './phone-voice.ts';

/** How long the leg's last numbers are waited for when a call is over. */
const QUALITY_WAIT_MS: Millis = 1000;

/**
 * An outbound call: a participant in a room first, then a leg, then an INVITE to one target after the other until one
 * takes it. Decides by {@link stepOutgoing}; this class carries out.
 */
export class OutgoingCall implements Door {
  readonly id: string;
  readonly #options: OutgoingCallOptions;
  readonly #beganAt: Millis;
  #state: OutgoingState = { phase: 'opening' };
  #room: RoomHandle | undefined;
  #participant: Participant | undefined;
  #voice: PhoneVoice | undefined;
  #invite: OutgoingInvite | undefined;
  #hop: NextHop | undefined;
  /** The attempt whose word counts. */
  #current: OutgoingHandler | undefined;
  #track: TrackId = '';
  #port = 0;
  /** SDP of a provisional response: what the 2xx means when it brings none. */
  #early: Uint8Array | undefined;
  #lastEnd: SipEnd | undefined;
  /** Each target's own patience; another than the whole call's. */
  #patience: Alarm | undefined;
  #deadline: Alarm | undefined;
  #stopDigits: () => void = () => {};

  constructor(options: OutgoingCallOptions) {
    this.id = options.id;
    this.#options = options;
    this.#beganAt = options.clock.now();
  }

  /** The call is in its room: reserve a port, then dial. */
  enter(room: RoomHandle, participant: Participant): void {
    const { leg, newTrack, clock, timers, ringingTimeoutMs } = this.#options;
    this.#room = room;
    this.#participant = participant;
    room.listen(leg, (event) => this.#onMedia(event));
    this.#track = newTrack();
    room.media({ type: 'leg.open', room: room.sid, leg, track: this.#track });
    this.#deadline = timers.schedule(clock.now() + ringingTimeoutMs, () => this.end('ringing-timeout'));
  }

  /** Ends the call from our side, whatever state it is in: CANCEL, or BYE once answered. */
  end(cause: EndingCause): void {
    this.#lastEnd = undefined;
    this.#input({ type: 'end', cause, by: 'gateway' });
  }

  // --- what SIP says

  /** The target lives; how long its phone may ring is the call's own limit. */
  #trying(): void {
    this.#options.timers.cancel(this.#patience);
    if (this.#hop !== undefined) this.#options.locator.worked(this.#hop);
  }

  #progressed(sdp: Uint8Array | undefined): void {
    this.#trying();
    const first = this.#state.phase === 'calling';
    this.#input({ type: 'ringing' });
    if (first) {
      this.#status('ringing');
      this.#options.emit({ type: 'call.ringing', call: this.id });
      this.#options.listener.ringing();
    }
    if (sdp === undefined || this.#state.phase !== 'ringing') return;
    // RFC 3960: what the far end plays before the answer is for the room to hear. A bad one is passed over: the answer counts.
    const agreed = this.#options.negotiation.preview(sdp);
    if (!agreed.ok || !this.#mayReach(agreed.value)) return;
    this.#early = sdp;
    this.#apply(agreed.value);
  }

  #answered(sdp: Uint8Array | undefined): void {
    const { negotiation, timers, clock, trunk, digits, listener, emit } = this.#options;
    this.#input({ type: 'answered' });
    const room = this.#room;
    const participant = this.#participant;
    if (this.#state.phase !== 'talking' || room === undefined || participant === undefined) return;
    this.#trying();
    timers.cancel(this.#deadline);
    this.#deadline =
      trunk.maxCallDurationMs === 0
        ? undefined
        : timers.schedule(clock.now() + trunk.maxCallDurationMs, () => this.end('max-duration'));
    const agreed = negotiation.accept(sdp ?? this.#early);
    if (!agreed.ok || !this.#mayReach(agreed.value)) {
      this.end(agreed.ok ? 'bad-media-address' : agreed.error);
      return;
    }
    this.#apply(agreed.value);
    this.#status('active');
    room.activate(participant);
    const setupMs = clock.now() - this.#beganAt;
    const codec = agreed.value.codec.mime;
    emit({ type: 'call.answered', call: this.id, room: room.name, codec, setupMs });
    listener.answered();
    this.#stopDigits = dialDigits(digits, timers, clock.now(), (digit, durationMs) =>
      room.media({ type: 'leg.dtmf', leg: this.#options.leg, digit, durationMs }),
    );
  }

  #reoffered(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void {
    const { negotiation } = this.#options;
    if (negotiation.busy) {
      settle.reject(491);
      return;
    }
    const at = this.#announced(request.flow.remote);
    if (offer === undefined) {
      settle.accept(negotiation.offer(at));
      return;
    }
    const planned = negotiation.plan(offer);
    if (!planned.ok) {
      settle.reject(refusalStatus(planned.error));
      return;
    }
    const { agreement } = planned.value.plan;
    if (!this.#mayReach(agreement)) {
      negotiation.refused();
      settle.reject(refusalStatus('bad-media-address'));
      return;
    }
    settle.accept(negotiation.answer(planned.value, at));
    this.#apply(agreement);
  }

  #ended(end: SipEnd): void {
    this.#lastEnd = end;
    const cause = causeOfSipEnd(end);
    if (isUnreachable(end)) {
      this.#unreachable(cause);
      return;
    }
    this.#trying();
    this.#input({ type: 'end', cause, by: 'sip' });
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
    const { clock, emit } = this.#options;
    switch (event.type) {
      case 'leg.opened':
        this.#port = event.port;
        this.#input({ type: 'port-opened' });
        return;
      case 'leg.failed':
        this.end('no-ports');
        return;
      case 'leg.heard':
        emit({ type: 'call.media', call: this.id, firstRtpMs: clock.now() - this.#beganAt });
        return;
      case 'leg.spoke':
        emit({ type: 'call.spoken', call: this.id });
        return;
      case 'leg.digit':
        emit({ type: 'call.dtmf', call: this.id, digit: event.digit, durationMs: event.durationMs });
        if (this.#participant !== undefined) this.#room?.pressKey(this.#participant, event.digit, []);
        return;
      case 'leg.silent':
        // Before the answer there need not be anything to hear.
        if (this.#state.phase === 'talking') this.end('media-timeout');
        return;
      case 'leg.closed':
        this.#finish(event.quality);
        return;
      default:
        return;
    }
  }

  #input(input: OutgoingInput): void {
    const result = stepOutgoing(this.#state, input, this.#options.clock.now());
    this.#state = result.state;
    for (const action of result.actions) this.#carryOut(action);
  }

  #carryOut(action: OutgoingAction): void {
    switch (action.do) {
      case 'invite-next':
        this.#options.nextHop((hop) => this.#dial(hop));
        return;
      case 'hang-up':
        if (this.#invite !== undefined) this.#invite.bye([reasonHeader(action.cause)]);
        return;
      case 'release':
        this.#release(action.cause);
        return;
    }
  }

  #dial(hop: NextHop | undefined): void {
    if (this.#state.phase !== 'calling') return;
    const { engine, to, headers, negotiation, timers, clock, trunk, authenticate, emit } = this.#options;
    if (hop === undefined) {
      const cause = this.#lastEnd === undefined ? 'transport-lost' : causeOfSipEnd(this.#lastEnd);
      this.#input({ type: 'unreachable', cause, more: false });
      return;
    }
    this.#hop = hop;
    if (negotiation.offering) negotiation.refused();
    const sdp = negotiation.offer(this.#announced(hop.remote));
    this.#invite = engine.invite(
      { to, from: this.#from(hop.remote), next: hop, sdp, headers, authenticate },
      this.#ownHandler(),
    );
    const target = formatHostPort(hop.remote);
    emit({ type: 'call.dialled', call: this.id, sipCallId: this.#invite.callId, target });
    this.#patience = timers.schedule(clock.now() + trunk.targetTimeoutMs, () => {
      this.#current = undefined;
      this.#invite?.cancel();
      this.#lastEnd = { by: 'timeout' };
      this.#unreachable('sip-timeout');
    });
  }

  #unreachable(cause: EndingCause): void {
    const { timers, emit } = this.#options;
    timers.cancel(this.#patience);
    if (this.#state.phase === 'calling' && this.#hop !== undefined) {
      const target = formatHostPort(this.#hop.remote);
      this.#options.locator.failed(this.#hop);
      emit({ type: 'call.unreachable', call: this.id, target, reason: cause });
    }
    this.#invite = undefined;
    this.#input({ type: 'unreachable', cause, more: true });
  }

  /** A target that was given up may still speak: its words are not this call's any more. */
  #ownHandler(): OutgoingHandler {
    const isOwn = () => this.#current === own;
    const own: OutgoingHandler = {
      trying: () => {
        if (isOwn()) this.#trying();
      },
      progressed: (_status, sdp) => {
        if (isOwn()) this.#progressed(sdp);
      },
      answered: (sdp) => {
        if (isOwn()) this.#answered(sdp);
      },
      confirmed() {},
      reoffered: (request, offer, settle) => {
        if (isOwn()) this.#reoffered(request, offer, settle);
        else settle.reject(481);
      },
      requested: (request) => (isOwn() ? statusOf(request) : 481),
      ended: (end) => {
        if (isOwn()) this.#ended(end);
      },
    };
    this.#current = own;
    return own;
  }

  /** Media begin or change; the voice is made with the first of them, when it is known who speaks. */
  #apply(agreement: AudioAgreement): void {
    const { leg, newTrack, trunk, emit, clock } = this.#options;
    const room = this.#room;
    const participant = this.#participant;
    if (room === undefined || participant === undefined) return;
    this.#voice ??= new PhoneVoice({
      ...{ call: this.id, leg, track: this.#track, newTrack, room, participant, trunk, emit },
      source: this.#hop?.remote.address ?? '',
      now: () => clock.now(),
    });
    this.#voice.apply(agreement, 'phone');
  }

  #mayReach(agreement: AudioAgreement): boolean {
    const source = this.#hop?.remote.address ?? '';
    return mediaAddressFault(this.#options.trunk, agreement.remote.address, source) === undefined;
  }

  #status(status: 'ringing' | 'active'): void {
    if (this.#participant !== undefined)
      this.#room?.update(this.#participant, { attributes: new Map([['sip.callStatus', status]]) });
  }

  #from(remote: HostPort): string {
    const { from, trunk, announce } = this.#options;
    const host = trunk.fromHost ?? announce(remote);
    const uri = { scheme: 'sip' as const, user: from.user, host, port: undefined, params: new Map() };
    return formatNameAddr(from.display, uri);
  }

  #announced(remote: HostPort): { address: string; port: number } {
    return { address: this.#options.announce(remote), port: this.#port };
  }

  #release(cause: EndingCause): void {
    const { leg, timers, clock } = this.#options;
    timers.cancel(this.#patience);
    timers.cancel(this.#deadline);
    this.#stopDigits();
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
      this.end('media-failure');
      return;
    }
    const { timers, emit, leg, listener } = this.#options;
    timers.cancel(this.#deadline);
    this.#room?.unlisten(leg);
    this.#room = undefined;
    const ending = endingOfOutgoing(state.cause, this.#lastEnd);
    const quality_ = quality === undefined ? {} : { quality };
    emit({ type: 'call.ended', call: this.id, ending, durationMs: state.talkedMs, ...quality_ });
    this.#options.onOver();
    listener.over(ending, state.talkedMs);
  }
}

/** Nobody is transferred on a phone's word. */
function statusOf({ method }: SipRequestInfo): number {
  return method === 'REFER' ? 603 : method === 'INFO' ? 415 : 405;
}
