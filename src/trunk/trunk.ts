import type { Millis } from '../base/clock.ts';

/** Codecs that a trunk may allow, by their SDP encoding names. */
export type TrunkCodec = 'PCMA' | 'PCMU';

/** Who may call in, from where, to what, and how much: LiveKit's SIPInboundTrunkInfo, and what LiveKit lacks. */
export interface InboundTrunk {
  readonly id: string;
  readonly name: string;
  /** Called numbers that the trunk serves; empty = every number. A trunk that names the number wins over one that does not. */
  readonly numbers: readonly string[];
  /** Sources of its SIP signaling: addresses or CIDRs. Never empty: who is not named is not admitted. */
  readonly allowedAddresses: readonly string[];
  /** Callers that may use it; empty = every caller. */
  readonly allowedNumbers: readonly string[];
  /** Sources of its RTP: addresses or CIDRs. Empty = the signaling sources and what the SDP says. */
  readonly mediaAddresses: readonly string[];
  /** ISO 3166 code by which national numbers become E.164, such as `MY`. */
  readonly country: string | undefined;
  /** Allowed codecs; the caller's order decides, this one orders our own offers. */
  readonly codecs: readonly TrunkCodec[];
  readonly calledNumberFrom: 'request-uri' | 'to';
  readonly ringingTimeoutMs: Millis;
  /** 0 = no end. */
  readonly maxCallDurationMs: Millis;
  /** Calls at the same time; 0 = no limit. */
  readonly maxCalls: number;
  /** New calls per second on the long run, and as many at once; 0 = no limit. */
  readonly callsPerSecond: number;
}

/** How a rule makes the room's name; LiveKit's SIPDispatchRule. */
export type RoomChoice =
  /** One fixed room for all. */
  | { readonly kind: 'direct'; readonly roomName: string }
  /** A room for each caller: prefix and caller; `randomize` adds random characters, so that each call has its own. */
  | { readonly kind: 'individual'; readonly roomPrefix: string; readonly randomize: boolean }
  /** A room for each called number: prefix and number; `randomize` adds random characters. */
  | { readonly kind: 'callee'; readonly roomPrefix: string; readonly randomize: boolean };

/** Where calls go: LiveKit's SIPDispatchRuleInfo. */
export interface DispatchRule {
  readonly id: string;
  readonly name: string;
  /** Trunks that it is for; empty = every trunk. */
  readonly trunkIds: readonly string[];
  /** Called numbers that it is for; empty = every number. */
  readonly numbers: readonly string[];
  /** Callers that it is for; empty = every caller. */
  readonly inboundNumbers: readonly string[];
  readonly room: RoomChoice;
  /** Keeps the caller's number out of identity, name and attributes. */
  readonly hidePhoneNumber: boolean;
  /** Set on the participant. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly metadata: string;
}
