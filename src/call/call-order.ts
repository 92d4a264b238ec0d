import type { Millis } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import type { HeaderMaps, MediaEncryption } from '../trunk/trunk.ts';
import type { EndingCause } from './ending.ts';
import type { PlacedCallListener } from './outgoing-options.ts';

/** A call to be placed: LiveKit's CreateSIPParticipantRequest by meaning. */
export interface CallOrder {
  readonly trunk: OutboundTrunk;
  /** Number or name to call. */
  readonly to: string;
  /** One of the trunk's numbers; undefined: its first. */
  readonly from?: string | undefined;
  /** What the callee's phone shows beside the number. */
  readonly displayName?: string | undefined;
  readonly room: string;
  /** Undefined: `sip_<number>`. */
  readonly identity?: string | undefined;
  readonly name?: string | undefined;
  readonly metadata?: string | undefined;
  readonly attributes?: ReadonlyMap<string, string> | undefined;
  /** Keeps the callee's number out of identity, name and attributes. */
  readonly hidePhoneNumber?: boolean | undefined;
  readonly ringingTimeoutMs?: Millis | undefined;
  /** Not longer than the trunk allows; undefined: what the trunk says. */
  readonly maxCallDurationMs?: Millis | undefined;
  /** Which headers of the answer become attributes; undefined: what the trunk says. */
  readonly includeHeaders?: HeaderMaps['includeHeaders'] | undefined;
  /** Beside the trunk's; these win. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Undefined: what the trunk says. */
  readonly mediaEncryption?: MediaEncryption | undefined;
  /** The room hears it ring, and the tone of a call that comes to nothing (LiveKit's play_dialtone); false when not given. */
  readonly playsDialtone?: boolean | undefined;
  /** A call that lives goes on as this one, which so is placed while the gateway drains, too; undefined: it is a call of its own. */
  readonly continues?: 'live-call' | undefined;
  /** Keys pressed after the answer: 0-9 A-D * #, and `w` for half a second. */
  readonly dtmf?: string | undefined;
}

/** Why a call is not even begun. */
export type PlaceRefusal =
  | EndingCause
  | 'bad-caller'
  | 'bad-digits'
  | 'country-not-allowed'
  | 'trunk-disabled';

/** A call that was begun. */
export interface PlacedCall {
  readonly id: string;
  readonly identity: string;
  /** Sid of the participant, `PA_…`. */
  readonly participant: string;
  /** CANCEL, or BYE once answered. */
  hangUp(): void;
  /** Puts the phone on hold, once it is answered: it hears music, and the room hears nothing of it. */
  hold(): void;
  resume(): void;
}

/** Who places calls. */
export interface CallPlacer {
  /** Begins a call, or says why not. Then `listener` hears of it, never from within this method. */
  placeCall(order: CallOrder, listener: PlacedCallListener): Result<PlacedCall, PlaceRefusal>;
}
