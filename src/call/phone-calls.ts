/** All calls with phones, whoever called: where somebody finds the call that a participant of a room is. */
import { fail, type Result } from '../base/result.ts';
import type { DialogNames, SipTransport } from '../sip/ports.ts';
import type { Replaces } from '../sip/replaces.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
import type { EndingCause } from './ending.ts';
import type { PhoneLine } from './phone-line.ts';
import type { TransferListener, TransferOrder, TransferRefusal } from './transfer.ts';

/** A participant, as an API names him. */
export interface PhoneAddress {
  readonly room: string;
  readonly identity: string;
}

/** By which trunk a call came to us, or was placed. */
export type CallWay =
  | { readonly way: 'in'; readonly trunk: InboundTrunk }
  /** `farEnd`: where its signaling goes; undefined before it was dialled. */
  | { readonly way: 'out'; readonly trunk: OutboundTrunk; readonly farEnd: FarEnd | undefined };

/** An address that signals, as trunks name it. */
export interface FarEnd {
  readonly source: string;
  readonly transport: SipTransport;
}

export interface LiveCall {
  /** `SCL_…`. */
  readonly id: string;
  readonly line: PhoneLine;
  readonly way: CallWay;
  /** Ends it from our side. */
  end(cause: EndingCause): void;
}

/** Ended calls that are remembered, for who would still take their place. */
const MAX_ENDED = 256;

/** A transfer by the names of participants: `attended`, the phone whose far end gets the call. */
export interface TransferRequest extends Omit<TransferOrder, 'replaces' | 'to'> {
  readonly to?: string | undefined;
  readonly attended?: PhoneAddress | undefined;
}

export class PhoneCalls {
  readonly #calls = new Set<LiveCall>();
  /** The last dialogs that ended. */
  readonly #ended: { readonly dialog: DialogNames; readonly way: CallWay }[] = [];

  /** From now on the call can be found, until it is removed. */
  add(call: LiveCall): void {
    this.#calls.add(call);
  }

  /** The call is over. */
  remove(call: LiveCall): void {
    if (!this.#calls.delete(call)) return;
    const { last } = call.line.requests;
    if (last === undefined) return;
    this.#ended.push({ dialog: last, way: call.way });
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
  }

  /** The call that a participant is; undefined when he is no phone, or not there. */
  find({ room, identity }: PhoneAddress): LiveCall | undefined {
    for (const call of this.#calls) {
      const { place } = call.line;
      if (place?.room === room && place.identity === identity) return call;
    }
    return undefined;
  }

  /** The answered call whose dialog a Replaces names that was sent to us (RFC 3891 section 3). */
  named(replaces: Replaces): LiveCall | undefined {
    for (const call of this.#calls) if (isNamed(call.line.requests.dialog, replaces)) return call;
    return undefined;
  }

  /** Whether a Replaces names a call that was answered and ended, not long ago, and that `mayKnow` lets it know of. */
  hasEnded(replaces: Replaces, mayKnow: (way: CallWay) => boolean): boolean {
    if (this.#ended.some(({ dialog, way }) => isNamed(dialog, replaces) && mayKnow(way))) return true;
    // It may wait for the last numbers of its media.
    return [...this.#calls].some((call) => {
      const { dialog, last } = call.line.requests;
      return dialog === undefined && isNamed(last, replaces) && mayKnow(call.way);
    });
  }

  /**
   * Hands a phone on to somebody else by REFER, or says why not. `listener.over` comes once: on success the phone has left the room,
   * after a failure its call goes on.
   */
  transfer(
    phone: PhoneAddress,
    request: TransferRequest,
    listener: TransferListener,
  ): Result<undefined, TransferRefusal | 'no-such-call'> {
    const { to, attended, ...rest } = request;
    const call = this.find(phone);
    const other = attended === undefined ? undefined : this.find(attended);
    if (call === undefined || (attended !== undefined && other === undefined)) return fail('no-such-call');
    if (call === other || (to === undefined && attended === undefined)) return fail('bad-target');
    const replaces = other?.line.requests.dialog;
    if (other !== undefined && replaces === undefined) return fail('not-answered');
    return call.line.requests.transfers.begin({ ...rest, to, replaces }, listener);
  }
}

function isNamed(dialog: DialogNames | undefined, { callId, toTag, fromTag }: Replaces): boolean {
  return dialog?.callId === callId && dialog.localTag === toTag && dialog.remoteTag === fromTag;
}
