import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { CallEnding, EventSink } from '../events/index.ts';
import type { LegId, TrackId } from '../media/protocol.ts';
import type { Authenticator, ExtraHeaders, NextHop, SipEngine } from '../sip/ports.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import type { HeaderMaps } from '../trunk/trunk.ts';
import type { CallRoute } from './call-route.ts';
import type { ReferralTaker } from './dialog-requests.ts';
import type { Negotiation } from './negotiation.ts';

/** What whoever places a call hears of it. `over` comes exactly once, last. */
export interface PlacedCallListener {
  ringing(): void;
  answered(): void;
  over(ending: CallEnding, talkedMs: Millis): void;
}

export interface OutgoingCallOptions {
  /** `SCL_…`. */
  readonly id: string;
  readonly leg: LegId;
  readonly newTrack: () => TrackId;
  readonly trunk: OutboundTrunk;
  /** Where media may go, beside what the trunk says. */
  readonly mediaPolicy?: MediaPolicy | undefined;
  readonly negotiation: Negotiation;
  /** User and display name of From. */
  readonly from: { readonly user: string; readonly display: string };
  readonly headers: ExtraHeaders;
  /** Pressed after the answer; `w` waits half a second. */
  readonly digits: string;
  /** The room hears it ring, and how it fails. */
  readonly playsDialtone: boolean;
  readonly ringingTimeoutMs: Millis;
  /** 0 = no end. */
  readonly maxCallDurationMs: Millis;
  /** What the headers of responses say of the call. */
  readonly headerMaps: HeaderMaps;
  readonly authenticate: Authenticator | undefined;
  /** Takes the phone's REFERs; undefined: they are refused. */
  readonly referrals?: ReferralTaker | undefined;
  /** Where it is tried. */
  readonly route: CallRoute;
  /** Hears which hops answered. */
  readonly locator: { failed(hop: NextHop): void; worked(hop: NextHop): void };
  readonly engine: Pick<SipEngine, 'invite'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  readonly announce: (remote: HostPort) => string;
  readonly listener: PlacedCallListener;
  /** The call is over and everything given back. */
  onOver(): void;
}
