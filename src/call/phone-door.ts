import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import type { HostPort } from '../base/net.ts';
import { formatHostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { TrackId } from '../media/protocol.ts';
import type { AnteroomHandle, RoomDirectory } from '../room/ports.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import type { DigestGuard, GuardedAccount } from '../sip/digest/guard.ts';
import { Lockout } from '../sip/digest/lockout.ts';
import type { Authenticator, Authorize, IncomingInvite, TermsOf } from '../sip/ports.ts';
import { isWebSocket } from '../sip/web-socket.ts';
import type { LiveCallPlan } from '../trunk/call-plan.ts';
import { roomName } from '../trunk/dispatch.ts';
import { type CallFacts, callFacts } from '../trunk/facts.ts';
import type { CallSlot, TrunkLimits } from '../trunk/limits.ts';
import { mediaAddressFault } from '../trunk/media-address.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import { explain, type Route, route } from '../trunk/route.ts';
import type { DispatchRule, InboundTrunk } from '../trunk/trunk.ts';
import { type EndingCause, refusalHeaders, refusalStatus } from './ending.ts';
import { type Accepted, joinRoom } from './join-room.ts';
import { mediaTerms } from './media-terms.ts';
import { Negotiation, type PlannedAnswer } from './negotiation.ts';
import { PhoneCall } from './phone-call.ts';
import type { LiveCall, PhoneCalls } from './phone-calls.ts';
import type { ReferralDesk } from './referral-desk.ts';
import { referralsOf } from './referrals.ts';
import { namedCall, replacement, trunkToReplace, wantsPlace } from './replacing.ts';
import { WebMedia } from './web-media.ts';

export interface PhoneDoorOptions {
  readonly rooms: RoomDirectory;
  /** Who may call, and where to; each call is decided by what it says then. */
  readonly plan: Pick<LiveCallPlan, 'table' | 'rules'>;
  readonly limits: TrunkLimits;
  /** Verifies who calls on trunks that ask for more than an address. */
  readonly guard: DigestGuard;
  /** What proves us to the carrier of an outbound trunk, where calls come by its registration. */
  readonly authenticatorOf?: (trunk: string | undefined) => Authenticator | undefined;
  /** What the gateway takes on in all, beside each trunk's own limits. */
  readonly capacity: { readonly calls: number; readonly callsPerSecond: number };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  /** The address of ours that `remote` reaches. */
  readonly announce: (remote: HostPort) => string;
  /** Where the calls can be found; undefined: nowhere. */
  readonly calls?: PhoneCalls | undefined;
  /** Follows REFERs of phones whose trunk allows it; undefined: they are refused. */
  readonly referrals?: ReferralDesk | undefined;
  /** Where media may go, beside what each trunk says; undefined: as in development. */
  readonly mediaPolicy?: MediaPolicy | undefined;
  /** Where a media port of ours is reached by browsers, the preferred address first. */
  readonly candidates: (port: number) => readonly HostCandidate[];
}

/** The phone's door: takes INVITEs, decides by trunk and rule, and lets calls into rooms. */
export class PhoneDoor {
  readonly #options: PhoneDoorOptions;
  readonly #calls = new Map<string, PhoneCall>();
  readonly #rate: TokenBucket;
  readonly #wrongPins = new Lockout();
  /** Calls whose place another is about to take. */
  readonly #replaced = new Set<LiveCall>();
  #phase: 'open' | 'draining' | 'stopping' = 'open';

  constructor(options: PhoneDoorOptions) {
    this.#options = options;
    const { callsPerSecond } = options.capacity;
    this.#rate = new TokenBucket(
      { perSecond: callsPerSecond, burst: Math.max(1, callsPerSecond) },
      options.clock.now(),
    );
  }

  readonly #newTrack = (): TrackId => newId(this.#options.random, 'TR');

  /** Calls that are not over yet. */
  get size(): number {
    return this.#calls.size;
  }

  /** For `SipEngine.onInvite`: refuses with a named reason, or lets the call in. */
  readonly onInvite = (invite: IncomingInvite): void => {
    const { rules, table: trunks } = this.#options.plan;
    if (wantsPlace(invite.request)) {
      this.#replace(invite);
      return;
    }
    const decision = route(trunks, rules, callFacts(invite.request));
    const refusal = decision.ok ? this.#admit(invite, decision) : decision.refusal;
    if (refusal !== undefined) this.#refuse(invite, refusal, decision);
  };

  /** For `SipEndpoint.authorize`: challenges who has to prove himself, before anything is kept of the call. */
  readonly authorize: Authorize = (request) => {
    const account = this.#accountOf(callFacts(request), namedCall(request, this.#options.calls));
    if (account === undefined) return undefined;
    const { guard, clock, emit } = this.#options;
    const verdict = guard.check(request, account, clock.now());
    if (verdict.ok) return undefined;
    if (verdict.why === 'wrong' || verdict.why === 'locked') {
      emit({
        type: 'call.refused',
        sipCallId: request.callId,
        source: formatHostPort(request.flow.remote),
        reason: verdict.why === 'wrong' ? 'bad-credentials' : 'locked-out',
        status: 401,
        from: request.from.uri.user,
        to: request.uri.user,
        trunk: account.id,
      });
    }
    return { status: 401, headers: verdict.challenges };
  };

  /** For `SipEndpoint.termsOf`: what the trunk of a call has settled for it. Routed for that only where a trunk has settled anything. */
  readonly termsOf: TermsOf = (request) => {
    const { table: trunks } = this.#options.plan;
    const facts = callFacts(request);
    if (!trunks.naming(facts).some(({ terms }) => terms !== undefined)) return undefined;
    const match = trunks.match(facts);
    return match.ok ? match.trunk.terms : undefined;
  };

  /** No new calls, but for those that take the place of others; those that are up or ring go on. */
  drain(): void {
    this.#phase = 'draining';
  }

  /** No new calls; those that are up get a BYE. */
  stop(): void {
    this.#phase = 'stopping';
    for (const call of [...this.#calls.values()]) call.end('stopping');
  }

  /**
   * What the caller must know; undefined when an address is enough. Where every trunk of a source asks for credentials,
   * who has none is not told either which numbers there are.
   */
  #accountOf(facts: CallFacts, replaced: LiveCall | undefined): GuardedAccount | undefined {
    const { table: trunks } = this.#options.plan;
    const naming = trunks.naming(facts);
    // Who takes the place of a call must know what its caller had to know, whatever number he calls.
    const taking = replaced && trunkToReplace(replaced.way, naming, trunks);
    if (taking?.auth !== undefined) return { ...taking.auth, id: taking.id };
    if (!naming.some(({ auth }) => auth !== undefined)) return undefined;
    const match = trunks.match(facts);
    const open = naming.some(({ auth }) => auth === undefined);
    const trunk = match.ok ? match.trunk : open ? undefined : naming[0];
    return trunk?.auth === undefined ? undefined : { ...trunk.auth, id: trunk.id };
  }

  /** Lets a call into the place of another, which ends when the new one is answered. */
  #replace(invite: IncomingInvite): void {
    const { calls, plan } = this.#options;
    const found = replacement(invite.request, callFacts(invite.request), plan.table, calls);
    const refusal = found.ok ? this.#admit(invite, found.value.decision, found.value.call) : found.error;
    if (refusal === undefined) return;
    this.#refuse(invite, refusal, found.ok ? found.value.decision : undefined);
  }

  /** Why the call is refused after all; undefined when it is in. */
  #admit(invite: IncomingInvite, decision: Accepted, replaced?: LiveCall): EndingCause | undefined {
    if (this.#phase === 'stopping') return 'stopping';
    const { capacity, clock } = this.#options;
    // Once a call: who takes a place needs none of his own.
    const comes = replaced === undefined || this.#replaced.has(replaced) ? 'beside' : 'instead';
    if (this.#phase === 'draining' && comes === 'beside') return 'draining';
    const isFull = this.#calls.size >= capacity.calls && comes === 'beside';
    if (isFull || !this.#rate.take(clock.now())) return 'overload';
    const { random, candidates } = this.#options;
    // Whoever comes by WebSocket is a browser, and has a browser's media.
    const web = isWebSocket(invite.request.flow) ? new WebMedia(random, candidates) : undefined;
    const negotiation = new Negotiation(
      decision.trunk.codecs,
      random.u32(),
      web,
      mediaTerms(decision.trunk, random),
    );
    const planned = planFor(invite, decision.trunk, negotiation, this.#options.mediaPolicy);
    if (!planned.ok) return planned.error;
    const slot = this.#options.limits.begin(decision.trunk, clock.now(), comes);
    if (!slot.ok) return slot.error;
    return this.#letIn(invite, decision, negotiation, planned.value, slot.value, replaced);
  }

  #letIn(
    invite: IncomingInvite,
    decision: Accepted,
    negotiation: Negotiation,
    planned: PlannedAnswer | undefined,
    slot: CallSlot,
    replaced: LiveCall | undefined,
  ): EndingCause | undefined {
    const { rooms, clock, timers, random, emit, announce, calls, authenticatorOf, mediaPolicy } =
      this.#options;
    const { trunk, rule, pinRules } = decision;
    const id = newId(random, 'SCL');
    const lockoutKey = `${trunk.id} ${decision.caller}`;
    const { remote, transport } = invite.request.flow;
    let anteroom: AnteroomHandle | undefined;
    const join = (chosen: DispatchRule) =>
      joinRoom({ rooms, random, invite, decision, call: id, from: anteroom }, chosen, call.line);
    const call: PhoneCall = new PhoneCall({
      id,
      leg: newId(random, 'LG'),
      newTrack: this.#newTrack,
      invite,
      trunk,
      negotiation,
      planned,
      reception: {
        trunk,
        rule,
        pinRules,
        lockout: this.#wrongPins,
        lockoutKey,
        admit: (chosen) => {
          const joined = join(chosen);
          if (!joined.ok) return joined.error;
          call.line.moveInto(joined.value.room, joined.value.participant);
          return undefined;
        },
      },
      referrals: referralsOf(
        { clock, timers, emit, trunk, call: id, desk: this.#options.referrals },
        () => call,
      ),
      clock,
      timers,
      emit,
      announce,
      mediaPolicy,
      answered: replaced && (() => replaced.end('replaced')),
      onOver: () => {
        calls?.remove(call);
        if (replaced !== undefined) this.#replaced.delete(replaced);
        this.#calls.delete(id);
        slot.release();
      },
    });
    invite.handler = call;
    invite.authenticator = authenticatorOf?.(trunk.registration);
    const place = pinRules.length > 0 ? this.#anteroom(call, decision, lockoutKey) : join(rule);
    if (!place.ok) {
      slot.release();
      return place.error;
    }
    this.#calls.set(id, call);
    if (replaced !== undefined) this.#replaced.add(replaced);
    calls?.add(call);
    emit({
      type: 'call.received',
      call: id,
      sipCallId: invite.request.callId,
      trunk: trunk.id,
      from: decision.caller,
      to: decision.called,
      source: formatHostPort(remote),
      transport,
    });
    if ('participant' in place.value) call.enter(place.value.room, place.value.participant);
    else {
      anteroom = place.value;
      call.waitIn(anteroom);
    }
    return undefined;
  }

  /** Where a caller keys his PIN: near the rooms that it may lead to. */
  #anteroom(call: PhoneCall, decision: Accepted, lockoutKey: string): Result<AnteroomHandle, EndingCause> {
    const { rooms, clock } = this.#options;
    if (this.#wrongPins.isLocked(lockoutKey, clock.now())) return fail('pin-locked');
    const near = decision.pinRules.map((rule) => roomName(rule, decision, () => ''));
    const anteroom = rooms.anteroom(near, () => call.end('media-failure'));
    return anteroom === undefined ? fail('no-worker') : ok(anteroom);
  }

  #refuse(invite: IncomingInvite, cause: EndingCause, decision: Route | undefined): void {
    const { request } = invite;
    invite.handler = refusedCall;
    invite.reject(refusalStatus(cause), refusalHeaders(cause));
    this.#options.emit({
      type: 'call.refused',
      sipCallId: request.callId,
      source: formatHostPort(request.flow.remote),
      reason: cause,
      status: refusalStatus(cause),
      from: request.from.uri.user,
      to: request.uri.user,
      ...(decision?.trunk === undefined ? {} : { trunk: decision.trunk.id }),
      ...(decision === undefined || decision.ok ? {} : { explanation: explain(decision, 'brief') }),
    });
  }
}

/** What hears the end of an INVITE that was refused: nothing is left to do. */
const refusedCall = {
  confirmed(): void {},
  reoffered(_request: unknown, _offer: unknown, settle: { reject(status: number): void }): void {
    settle.reject(481);
  },
  requested: (): number => 481,
  ended(): void {},
};

/** The answer that the INVITE would get; undefined when it brought no offer. */
function planFor(
  invite: IncomingInvite,
  trunk: InboundTrunk,
  negotiation: Negotiation,
  policy: MediaPolicy | undefined,
): Result<PlannedAnswer | undefined, EndingCause> {
  if (invite.offer === undefined) return ok(undefined);
  const planned = negotiation.plan(invite.offer);
  if (!planned.ok) return planned;
  const { remote } = planned.value.plan.agreement;
  const fault = mediaAddressFault(trunk, remote, invite.request.flow.remote.address, policy);
  return fault === undefined ? planned : fail('bad-media-address');
}
