import type { Clock } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink, LegQuality } from '../events/index.ts';
import type { LegId, TrackId } from '../media/protocol.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import type { InboundTrunk, MediaPatience } from '../trunk/trunk.ts';
import type { ReferralTaker } from './dialog-requests.ts';
import type { EndingCause } from './ending.ts';
import type { Negotiation } from './negotiation.ts';

/** What a phone's line is made of. */
export interface PhoneLineOptions {
  /** The call, `SCL_…`. */
  readonly id: string;
  readonly leg: LegId;
  /** An id for the phone's track: one for each codec that it has in the course of the call. */
  readonly newTrack: () => TrackId;
  readonly trunk: Pick<
    InboundTrunk,
    'id' | 'mediaAddresses' | keyof MediaPatience | 'dtmf' | 'dtmfInband' | 'language'
  >;
  readonly negotiation: Negotiation;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** Takes the phone's REFERs; undefined: they are refused. */
  readonly referrals?: ReferralTaker | undefined;
  /** Where media may go, beside what the trunk says; undefined: as in development. */
  readonly mediaPolicy?: MediaPolicy | undefined;
  /** The address under which the phone reaches our RTP. */
  readonly announce: (remote: HostPort) => string;
}

/** What a line tells the call that it belongs to. */
export interface LineOwner {
  /** The worker reserved a port: SDP can be written from now on. */
  portOpened(): void;
  /** An offer and its answer are complete, and media may go where it says: they begin or change. */
  agreed(agreement: AudioAgreement): void;
  /** Nothing came from the phone for the media time-out. */
  silent(): void;
  /** The call cannot go on, or is not wanted any more. */
  end(cause: EndingCause): void;
  /** A key was pressed; true: it is not for the room, and nobody else may know which it was. */
  keyHeard?(digit: string): boolean;
  /** What the line's sounds played last is over, by itself. */
  played?(): void;
  /** Somebody may have come into the room, or left. */
  companyChanged?(): void;
  /** Does it wait for that? Asked at each change, in a full room a hundred times a second. */
  awaitsCompany?(): boolean;
  /** What the call's rule has otherwise than the trunk, once it is in its room. */
  readonly patience?: MediaPatience;
  /** Whether nothing may be sent yet to where an agreement has it. */
  withholds?(agreement: AudioAgreement): boolean;
  /** After leaving, once: everything is given back. */
  left(quality: LegQuality | undefined): void;
}
