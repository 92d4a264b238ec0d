import { formatHostPort } from '../base/net.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { LegQuality } from '../events/index.ts';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { HeaderReader, NextHop, OutgoingHandler, OutgoingInvite, SipEnd } from '../sip/ports.ts';
import { type ShownCaller, showCaller } from '../trunk/caller-identity.ts';
import { responseAttributes } from '../trunk/headers.ts';
import type { Attempt } from './call-route.ts';
import { dialDigits } from './dial-digits.ts';
import { causeOfSipEnd, type EndingCause, reasonHeader } from './ending.ts';
import { failureTone } from './failure-tone.ts';
import { endingHeard } from './heard-ending.ts';
import { isDead, isRedirection, isUnreachable } from './outgoing-ending.ts';
import type { OutgoingCallOptions } from './outgoing-options.ts';
import {
  type OutgoingAction,
  type OutgoingInput,
  type OutgoingState,
  stepOutgoing,
} from './outgoing-state.ts';
import type { CallWay } from './phone-calls.ts';
import { PhoneLine } from './phone-line.ts';

/**
 * An outbound call: a participant in a room first, then a leg, then an INVITE to one target after the other until one
 * takes it. Decides by {@link stepOutgoing}; this class carries out.
 */
export class OutgoingCall {
  readonly id: string;
  /** The phone in its room. */
  readonly line: PhoneLine;
  readonly #options: OutgoingCallOptions;
  #state: OutgoingState = { phase: 'opening' };
  #invite: OutgoingInvite | undefined;
  #hop: NextHop | undefined;
  #attempt: Attempt | undefined;
  /** The attempt whose word counts. */
  #current: OutgoingHandler | undefined;
  /** SDP of a provisional response: what the 2xx means when it brings none. */
  #early: Uint8Array | undefined;
  #rang = false;
  #lastEnd: SipEnd | undefined;
  /** Each target's own patience; another than the whole call's. */
  #patience: Alarm | undefined;
  #stopDigits: () => void = () => {};

  constructor(options: OutgoingCallOptions) {
    this.id = options.id;
    this.#options = options;
    this.line = new PhoneLine(options, {
      portOpened: () => this.#input({ type: 'port-opened' }),
      agreed: (agreement) => this.line.apply(agreement),
      silent: () => {
        // Before the answer there need not be anything to hear.
        if (this.#state.phase === 'talking') this.end('media-timeout');
      },
      end: (cause) => this.end(cause),
      left: (quality) => this.#left(quality),
    });
  }

  /** The trunk that we placed it by, and where it is now. */
  get way(): CallWay {
    const hop = this.#hop;
    const farEnd = hop && { source: hop.remote.address, transport: hop.transport };
    return { way: 'out', trunk: this.#options.trunk, farEnd };
  }

  /** The call is in its room: reserve a port, then dial. */
  enter(room: RoomHandle, participant: Participant): void {
    this.line.enter(room, participant);
    this.line.limit(this.#options.ringingTimeoutMs, 'ringing-timeout');
    if (this.#options.playsDialtone) this.line.ring(this.#options.trunk.country);
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

  #progressed(sdp: Uint8Array | undefined, response: HeaderReader | undefined): void {
    this.#trying();
    const first = !this.#rang;
    this.#rang = true;
    this.#input({ type: 'ringing' });
    this.#heard(response);
    if (first) {
      this.line.presence.describe(new Map([['sip.callStatus', 'ringing']]));
      this.#options.emit({ type: 'call.ringing', call: this.id });
      this.#options.listener.ringing();
    }
    if (sdp === undefined || this.#state.phase !== 'ringing') return;
    // RFC 3960: what the far end plays before the answer is for the room to hear. A bad one is passed over: the answer counts.
    const agreed = this.#options.negotiation.preview(sdp);
    if (!agreed.ok || !this.line.ends.mayReach(agreed.value)) return;
    this.#early = sdp;
    this.line.apply(agreed.value);
  }

  #answered(sdp: Uint8Array | undefined, response: HeaderReader | undefined): void {
    const { negotiation, timers, clock, maxCallDurationMs, digits, listener } = this.#options;
    this.#input({ type: 'answered' });
    if (this.#state.phase !== 'talking') return;
    this.#trying();
    this.line.limit(maxCallDurationMs, 'max-duration');
    const agreed = negotiation.accept(sdp ?? this.#early);
    if (!agreed.ok || !this.line.ends.mayReach(agreed.value)) {
      this.end(agreed.ok ? 'bad-media-address' : agreed.error);
      return;
    }
    this.line.apply(agreed.value);
    this.#heard(response);
    this.line.activate(agreed.value);
    if (this.#invite !== undefined) this.line.established(this.#invite);
    listener.answered();
    this.#stopDigits = dialDigits(digits, timers, clock.now(), (digit, durationMs) =>
      this.line.press(digit, durationMs),
    );
  }

  #ended(end: SipEnd): void {
    this.#lastEnd = end;
    const cause = causeOfSipEnd(end);
    const dead = isDead(end) && this.#state.phase === 'calling';
    if (dead) this.#giveUp(cause);
    else this.#trying();
    if (this.#isAskedInTheClear(end)) return;
    if (this.#isElsewhere(end)) this.#input({ type: 'elsewhere' });
    else if (isUnreachable(end, this.#options.trunk.rerouteCodes))
      this.#input({ type: 'unreachable', cause, more: true });
    else this.#input({ type: 'end', cause, by: 'sip' });
  }

  /** Many far ends refuse an offer of two audio lines, SRTP and plain RTP: they get one more, of plain RTP alone. */
  #isAskedInTheClear(end: SipEnd): boolean {
    const { negotiation, emit } = this.#options;
    const attempt = this.#attempt;
    if (end.by !== 'rejected' || end.status !== 488 || attempt === undefined) return false;
    if (this.#state.phase !== 'calling' || !negotiation.withdrawEncryption()) return false;
    emit({ type: 'call.unencrypted', call: this.id, status: end.status });
    this.#dial(attempt);
    return true;
  }

  /** Whether a redirection leads on, or has left places that are to be tried now that one of them refused. */
  #isElsewhere(end: SipEnd): boolean {
    const { route, emit } = this.#options;
    if (end.by !== 'rejected' || end.status >= 600) return false;
    if (!isRedirection(end.status)) return route.hasAlternative;
    const isFollowed = route.redirect(end.contacts ?? []);
    emit({ type: 'call.redirected', call: this.id, status: end.status, followed: isFollowed });
    return isFollowed;
  }

  /** What a response to our INVITE says of the call, for the room. */
  #heard(response: HeaderReader | undefined): void {
    if (response === undefined) return;
    const attributes = responseAttributes(response, this.#options.headerMaps);
    if (attributes.size > 0) this.line.presence.describe(attributes);
  }

  #input(input: OutgoingInput): void {
    const result = stepOutgoing(this.#state, input, this.#options.clock.now());
    this.#state = result.state;
    for (const action of result.actions) this.#carryOut(action);
  }

  #carryOut(action: OutgoingAction): void {
    switch (action.do) {
      case 'invite-next':
        this.#options.route.next((attempt) => this.#dial(attempt));
        return;
      case 'hang-up':
        if (this.#invite !== undefined) this.#invite.bye([reasonHeader(action.cause)]);
        return;
      case 'release':
        this.#release(action.cause);
        return;
    }
  }

  #dial(attempt: Attempt | undefined): void {
    if (this.#state.phase !== 'calling') return;
    const { engine, headers, negotiation, timers, clock, trunk, emit } = this.#options;
    if (attempt === undefined) {
      const cause = this.#lastEnd === undefined ? 'transport-lost' : causeOfSipEnd(this.#lastEnd);
      this.#input({ type: 'unreachable', cause, more: false });
      return;
    }
    const { hop, to } = attempt;
    const authenticate = attempt.trust === 'credentials' ? this.#options.authenticate : undefined;
    this.#hop = hop;
    this.#attempt = attempt;
    this.#early = undefined;
    this.line.ends.signalsFrom(hop.remote);
    if (negotiation.offering) negotiation.refused();
    const sdp = negotiation.offer(this.line.ends.announced());
    const { from, headers: identity } = this.#caller(attempt);
    this.#invite = engine.invite(
      { to, from, next: hop, sdp, headers: [...headers, ...identity], terms: trunk.terms, authenticate },
      this.#ownHandler(),
    );
    const target = formatHostPort(hop.remote);
    emit({ type: 'call.dialled', call: this.id, sipCallId: this.#invite.callId, target });
    this.#patience = timers.schedule(clock.now() + trunk.targetTimeoutMs, () => {
      this.#current = undefined;
      this.#invite?.cancel();
      this.#lastEnd = { by: 'timeout' };
      this.#giveUp('sip-timeout');
      this.#input({ type: 'unreachable', cause: 'sip-timeout', more: true });
    });
  }

  /** Nothing can be had from this target: it is tried last for a while. */
  #giveUp(reason: EndingCause): void {
    const { timers, emit, locator } = this.#options;
    timers.cancel(this.#patience);
    this.#invite = undefined;
    if (this.#hop === undefined) return;
    locator.failed(this.#hop);
    emit({ type: 'call.unreachable', call: this.id, target: formatHostPort(this.#hop.remote), reason });
  }

  /** A target that was given up may still speak: its words are not this call's any more. */
  #ownHandler(): OutgoingHandler {
    const isOwn = () => this.#current === own;
    const own: OutgoingHandler = {
      trying: () => {
        if (isOwn()) this.#trying();
      },
      progressed: (_status, sdp, response) => {
        if (isOwn()) this.#progressed(sdp, response);
      },
      answered: (sdp, response) => {
        if (isOwn()) this.#answered(sdp, response);
      },
      confirmed: (answer) => {
        // What the ACK of a late re-INVITE brings; nothing leaves the call as it was.
        if (isOwn()) this.line.offers.answered(answer);
      },
      reoffered: (request, offer, settle) => {
        if (isOwn()) this.line.offers.received(request, offer, settle);
        else settle.reject(481);
      },
      refreshOffer: () => (isOwn() ? this.line.offers.refresh() : undefined),
      requested: (request) => (isOwn() ? this.line.requests.answer(request) : 481),
      ended: (end) => {
        if (isOwn()) this.#ended(end);
      },
    };
    this.#current = own;
    return own;
  }

  #caller({ hop, trust }: Attempt): ShownCaller {
    const { from, trunk, announce } = this.#options;
    const host = trunk.fromHost ?? announce(hop.remote);
    const uri = { scheme: 'sip' as const, user: from.user, host, port: undefined, params: new Map() };
    const caller = { display: from.display, uri };
    return showCaller(trunk.callerIdentity, caller, trust === 'credentials' ? 'carrier' : 'elsewhere');
  }

  #left(quality: LegQuality | undefined): void {
    const state = this.#state;
    if (state.phase !== 'ended') return;
    const { emit, listener } = this.#options;
    const ending = endingHeard(state.cause, this.#lastEnd);
    const quality_ = quality === undefined ? {} : { quality };
    emit({ type: 'call.ended', call: this.id, ending, durationMs: state.talkedMs, ...quality_ });
    this.#options.onOver();
    listener.over(ending, state.talkedMs);
  }

  #release(cause: EndingCause): void {
    this.#options.timers.cancel(this.#patience);
    this.#stopDigits();
    const { playsDialtone, trunk } = this.#options;
    // What the far end played is not talked over; who gave up himself needs no tone.
    if (playsDialtone && !this.line.hasVoice && this.#lastEnd !== undefined)
      this.line.sounds.playToRoom(failureTone(cause, trunk.country), 'once');
    this.line.leave(cause);
  }
}
