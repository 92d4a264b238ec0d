import type { Clock, Millis } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { RoomDirectory } from '../room/ports.ts';
import type { Authenticator, SipEngine } from '../sip/ports.ts';
import { isInCountries, writeNumber } from '../trunk/dialled-number.ts';
import { headersOf } from '../trunk/headers.ts';
import type { CallSlot, TrunkLimits } from '../trunk/limits.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import { normalizeNumber, numberKey } from '../trunk/number.ts';
import type { OutboundTrunk, Target } from '../trunk/outbound.ts';
import { freeIdentity } from '../trunk/participant.ts';
import type { MediaEncryption } from '../trunk/trunk.ts';
import type { CallOrder, PlacedCall, PlaceRefusal } from './call-order.ts';
import { CallRoute, type TargetLocator } from './call-route.ts';
import { DIGITS } from './dial-digits.ts';
import { causeOfJoinRefusal } from './ending.ts';
import { mediaTerms } from './media-terms.ts';
import { Negotiation } from './negotiation.ts';
import { OutgoingCall } from './outgoing-call.ts';
import type { PlacedCallListener } from './outgoing-options.ts';
import type { PhoneCalls } from './phone-calls.ts';
import { PHONE_PERMISSIONS } from './phone-permissions.ts';
import type { ReferralDesk } from './referral-desk.ts';
import { referralsOf } from './referrals.ts';

export interface DialerOptions {
  readonly rooms: RoomDirectory;
  readonly engine: Pick<SipEngine, 'invite'>;
  readonly limits: TrunkLimits;
  /** What the gateway takes on in all, inbound calls counted elsewhere. */
  readonly maxCalls: number;
  /** What proves us to a trunk's carrier. */
  readonly authenticatorOf: (trunk: OutboundTrunk) => Authenticator | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  /** The address of ours that `remote` reaches. */
  readonly announce: (remote: HostPort) => string;
  /** Whether a target answers, as far as is known. */
  readonly isUp: (trunk: OutboundTrunk, target: Target) => boolean;
  readonly locator: TargetLocator;
  /** Where media may go, beside what each trunk says; undefined: as in development. */
  readonly mediaPolicy?: MediaPolicy | undefined;
  /** Where the calls can be found; undefined: nowhere. */
  readonly calls?: PhoneCalls | undefined;
}

/** Characters of a number that was no number, for the log. */
const LONGEST_SHOWN = 64;

/** Places calls: who may call whom is the caller's to decide, and the trunk's limits hold. */
export class Dialer {
  /** Follows the REFERs of phones that were called, and places its calls here; undefined: they are refused. */
  referrals: ReferralDesk | undefined;
  readonly #options: DialerOptions;
  readonly #calls = new Map<string, OutgoingCall>();
  #phase: 'open' | 'draining' | 'stopping' = 'open';

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** Calls that are not over yet. */
  get size(): number {
    return this.#calls.size;
  }

  /** No new calls, but for those that calls go on as which live; those that are up or ring go on. */
  drain(): void {
    this.#phase = 'draining';
  }

  /** No new calls; those that are up get a BYE, those that ring a CANCEL. */
  stop(): void {
    this.#phase = 'stopping';
    for (const call of [...this.#calls.values()]) call.end('stopping');
  }

  /** Begins a call, or says why not. Then `listener` hears of it, never from within this method. */
  placeCall(order: CallOrder, listener: PlacedCallListener): Result<PlacedCall, PlaceRefusal> {
    const placed = this.#place(order, listener);
    if (!placed.ok) {
      const { room, trunk } = order;
      const to = order.to.slice(0, LONGEST_SHOWN);
      this.#options.emit({ type: 'call.not-placed', trunk: trunk.id, to, room, reason: placed.error });
    }
    return placed;
  }

  #place(order: CallOrder, listener: PlacedCallListener): Result<PlacedCall, PlaceRefusal> {
    const { limits, clock, maxCalls } = this.#options;
    const { trunk } = order;
    const phase = this.#phase;
    if (phase === 'stopping' || (phase === 'draining' && order.continues === undefined)) return fail(phase);
    if (trunk.enabled === false) return fail('trunk-disabled');
    if (this.#calls.size >= maxCalls) return fail('overload');
    const to = normalizeNumber(order.to, trunk.country);
    if (!to.ok) return fail('bad-number');
    if (!isInCountries(to.value, trunk.allowedCountries)) return fail('country-not-allowed');
    const from = callerOf(order);
    if (from === undefined) return fail('bad-caller');
    if (!DIGITS.test(order.dtmf ?? '')) return fail('bad-digits');
    const slot = limits.begin(trunk, clock.now());
    return slot.ok ? this.#begin(order, { to: to.value, from }, slot.value, listener) : slot;
  }

  #begin(
    order: CallOrder,
    { to, from }: { readonly to: string; readonly from: string },
    slot: CallSlot,
    listener: PlacedCallListener,
  ): Result<PlacedCall, PlaceRefusal> {
    const { rooms, random, clock, timers, emit, engine, announce, isUp, locator } = this.#options;
    const { trunk } = order;
    const { country, techPrefix, numberFormat, callerFormat } = trunk;
    const written = {
      to: writeNumber(to, { format: numberFormat, country, prefix: techPrefix }),
      from: writeNumber(from, { format: callerFormat, country, prefix: '' }),
    };
    const id = newId(random, 'SCL');
    const attributes = attributesOf(order, id, { to, from });
    const call: OutgoingCall = new OutgoingCall({
      ...{ id, leg: newId(random, 'LG'), newTrack: () => newId(random, 'TR'), trunk },
      negotiation: new Negotiation(
        trunk.codecs,
        random.u32(),
        undefined,
        mediaTerms({ ...trunk, mediaEncryption: encryptionOf(order) }, random),
      ),
      route: new CallRoute({ trunk, user: written.to, isUp, locator, random }),
      from: { user: written.from, display: order.displayName ?? '' },
      headers: [
        ...new Map([...headersOf(trunk.headers, attributes), ...Object.entries(order.headers ?? {})]),
      ],
      digits: order.dtmf ?? '',
      playsDialtone: order.playsDialtone === true,
      ringingTimeoutMs: order.ringingTimeoutMs ?? trunk.ringingTimeoutMs,
      maxCallDurationMs: shorter(order.maxCallDurationMs, trunk.maxCallDurationMs),
      headerMaps: { ...trunk.headers, includeHeaders: order.includeHeaders ?? trunk.headers.includeHeaders },
      authenticate: this.#options.authenticatorOf(trunk),
      referrals: referralsOf({ call: id, trunk, desk: this.referrals, clock, timers, emit }, () => call),
      ...{ locator, engine, clock, timers, emit, announce, listener },
      mediaPolicy: this.#options.mediaPolicy,
      onOver: () => {
        this.#options.calls?.remove(call);
        this.#calls.delete(id);
        slot.release();
      },
    });
    const taken = rooms.find(order.room)?.participants;
    const plain = `sip_${order.hidePhoneNumber === true ? id : to}`;
    const identity = order.identity ?? freeIdentity(plain, (each) => taken?.has(each) === true);
    const joined = rooms.join(
      {
        room: order.room,
        identity,
        name: order.name ?? (order.hidePhoneNumber === true ? 'Phone' : `Phone ${to}`),
        kind: 'sip',
        metadata: order.metadata ?? '',
        attributes,
        permissions: PHONE_PERMISSIONS,
        autoCreate: true,
      },
      call.line,
    );
    if (!joined.ok) {
      slot.release();
      return fail(causeOfJoinRefusal(joined.error));
    }
    this.#calls.set(id, call);
    this.#options.calls?.add(call);
    emit({ type: 'call.placed', call: id, trunk: trunk.id, from, to, room: order.room });
    call.enter(joined.value.room, joined.value.participant);
    return ok({
      ...{ id, identity, participant: joined.value.participant.sid },
      hangUp: () => call.end('removed-from-room'),
      hold: () => call.line.offers.hold(),
      resume: () => call.line.offers.resume(),
    });
  }
}

/** The number to call from, one of the trunk's if it has any; undefined when it may not be used. */
function callerOf({ trunk, from }: CallOrder): string | undefined {
  const wanted = from ?? trunk.numbers[0];
  if (wanted === undefined) return 'anonymous';
  const number = normalizeNumber(wanted, trunk.country);
  if (!number.ok) return undefined;
  const own = trunk.numbers.map((each) => normalizeNumber(each, trunk.country));
  const known = own.some((each) => each.ok && numberKey(each.value) === numberKey(number.value));
  // A caller ID that is not the trunk's would be a lie, and carriers refuse it.
  return own.length === 0 || known ? number.value : undefined;
}

/** A call may have it otherwise than its trunk, but not less than a trunk that requires it. */
function encryptionOf({ trunk, mediaEncryption }: CallOrder): MediaEncryption | undefined {
  const { mediaEncryption: its } = trunk;
  return its === 'required' || its === 'dtls' ? its : (mediaEncryption ?? its);
}

/** The shorter of two spans of which 0 and undefined mean no end. */
function shorter(one: Millis | undefined, other: Millis): Millis {
  return one === undefined || one === 0 ? other : other === 0 ? one : Math.min(one, other);
}

function attributesOf(
  order: CallOrder,
  callId: string,
  { to, from }: { readonly to: string; readonly from: string },
): ReadonlyMap<string, string> {
  const attributes = new Map(order.attributes ?? []);
  attributes.set('sip.callID', callId);
  attributes.set('sip.callStatus', 'dialing');
  attributes.set('sip.trunkID', order.trunk.id);
  attributes.set('sip.trunkPhoneNumber', from);
  if (order.hidePhoneNumber !== true) attributes.set('sip.phoneNumber', to);
  return attributes;
}
