import type { Millis } from '../base/clock.ts';
import type { SipTerms } from '../sip/call-terms.ts';
import type { GuardedAccount } from '../sip/digest/guard.ts';
import type { TrunkTransport } from './transports.ts';

/** Codecs that a trunk may allow, by their SDP encoding names; `CN`: comfort noise in place of silence (RFC 3389). */
export type TrunkCodec = 'PCMA' | 'PCMU' | 'G722' | 'OPUS' | 'CN';

/** Whether its media are SRTP: LiveKit's SIPMediaEncryption, and `dtls`: required, with keys by DTLS alone (RFC 5763). */
export type MediaEncryption = 'disabled' | 'allowed' | 'required' | 'dtls';

/** Where a call says whom it is for. A header that is not there gives way to the Request-URI. */
export type CalledNumberSource = 'request-uri' | 'to' | 'p-called-party-id' | 'diversion' | 'history-info';

/** How headers become a participant's attributes and back: LiveKit's names, of both kinds of trunk. */
export interface HeaderMaps {
  /** Sent as they are: in our 200, or in our INVITE. */
  readonly headers: Readonly<Record<string, string>>;
  /** Header of theirs to attribute. */
  readonly headersToAttributes: Readonly<Record<string, string>>;
  /** Attribute to header of ours: in our 200 or INVITE. */
  readonly attributesToHeaders: Readonly<Record<string, string>>;
  /** Which others of their headers become `sip.h.<name>`: none, those that begin with `X-`, all that are not SIP's own. */
  readonly includeHeaders: 'none' | 'x' | 'all';
}

/** How long a call's media may be missing, or rest. */
export interface MediaPatience {
  /** A phone of which nothing is heard for so long is hung up; 0: never; undefined: the gateway's own. */
  readonly mediaTimeoutMs?: Millis | undefined;
  /** A call that is on hold for so long without a break is ended; 0 or undefined: never. */
  readonly holdTimeoutMs?: Millis | undefined;
}

/** Packet times that a trunk's calls ask for, ms; undefined: 20 is offered, and what the far end asks for is agreed to. */
export interface TrunkPacketTimes {
  readonly ptimeMs?: Millis | undefined;
  readonly maxPtimeMs?: Millis | undefined;
}

/** How keys reach a phone: RTP telephone-events (RFC 4733), INFO, both of them, or their tones within the voice. */
export type DtmfMode = 'rfc4733' | 'info' | 'both' | 'inband';

/** Who may call in, from where, to what, and how much: LiveKit's SIPInboundTrunkInfo, and what LiveKit lacks. */
export interface InboundTrunk extends MediaPatience {
  readonly id: string;
  readonly name: string;
  /** Called numbers or patterns of them that the trunk serves; empty = every number. A trunk that names the number wins over one that does not. */
  readonly numbers: readonly string[];
  /** Sources of its SIP signaling: addresses or CIDRs. Never empty: who is not named is not admitted. */
  readonly allowedAddresses: readonly string[];
  /** By what it comes; undefined: all but WebSockets. */
  readonly transports?: readonly TrunkTransport[] | undefined;
  /** Callers, or patterns of them, that may use it; empty = every caller. */
  readonly allowedNumbers: readonly string[];
  /** Sources of its RTP: addresses or CIDRs. Empty = the signaling sources and what the SDP says. */
  readonly mediaAddresses: readonly string[];
  /** ISO 3166 code by which national numbers become E.164, such as `MY`. */
  readonly country: string | undefined;
  /** Allowed codecs; the caller's order decides, this one orders our own offers. */
  readonly codecs: readonly TrunkCodec[];
  readonly packetTimes?: TrunkPacketTimes | undefined;
  /** `disabled` when not given. A web phone's media are always encrypted, by DTLS. */
  readonly mediaEncryption?: MediaEncryption | undefined;
  /** RTCP on RTP's port is offered (RFC 5761); who offers it has it anyway. Undefined: false. */
  readonly rtcpMux?: boolean | undefined;
  readonly calledNumberFrom: CalledNumberSource;
  /** Whether P-Asserted-Identity of this trunk says who calls (RFC 3325 section 7): only of who vouches for it. */
  readonly identity: 'from' | 'asserted';
  /** By what its callers prove themselves beside their address; undefined: by nothing. */
  readonly auth: Omit<GuardedAccount, 'id'> | undefined;
  /** Outbound trunk whose registration the calls come for; undefined: they come for us by our address. */
  readonly registration: string | undefined;
  readonly headers: HeaderMaps;
  /** Of prompts, such as `en`; undefined: English. */
  readonly language?: string | undefined;
  readonly ringingTimeoutMs: Millis;
  /** 0 = no end. */
  readonly maxCallDurationMs: Millis;
  /** Calls at the same time; 0 = no limit. */
  readonly maxCalls: number;
  /** New calls per second on the long run, and as many at once; 0 = no limit. */
  readonly callsPerSecond: number;
  /** `false`: nobody comes in by it. Undefined: true. */
  readonly enabled?: boolean | undefined;
  /** Of its calls' SIP; undefined: what holds for all. */
  readonly terms?: SipTerms | undefined;
  /** `rfc4733` when not given: INFO then only for a phone that agreed on no telephone-event and allows INFO. */
  readonly dtmf?: DtmfMode | undefined;
  /** Tones within its phones' voices are keys too; false when not given. */
  readonly dtmfInband?: boolean | undefined;
  /** Undefined: transfers are refused. */
  readonly transfers?: TransferPolicy | undefined;
}

/** What a trunk's phones may have us do by REFER (RFC 3515). */
export interface TransferPolicy {
  /** Outbound trunk that places the calls; undefined: none are placed. */
  readonly trunk: string | undefined;
  /** Numbers, or patterns of them, that may be called. */
  readonly numbers: readonly string[];
  /** Transfers of one call. */
  readonly maxPerCall: number;
  /** Calls at the same time that the trunk's transfers have placed. */
  readonly maxAtOnce: number;
}

/** How a rule makes the room's name; LiveKit's SIPDispatchRule. */
export type RoomChoice =
  /** One fixed room for all. */
  | { readonly kind: 'direct'; readonly roomName: string }
  /** A room for each caller: prefix and caller; `randomize` adds random characters, so that each call has its own. */
  | { readonly kind: 'individual'; readonly roomPrefix: string; readonly randomize: boolean }
  /** A room for each called number: prefix and number; `randomize` adds random characters. */
  | { readonly kind: 'callee'; readonly roomPrefix: string; readonly randomize: boolean };

/** How a rule takes a call, beside where it goes. Of {@link MediaPatience} undefined means: the trunk's. */
export interface CallPolicy extends MediaPatience {
  /**
   * When a call is answered: as soon as it can be, when somebody is in its room, or when its PIN was right. A PIN is asked
   * for after the answer, but with `after-pin`, or with `when-somebody` and early media, before it.
   */
  readonly answer: 'at-once' | 'when-somebody' | 'after-pin';
  /** What a caller hears who waits for the answer: what his own network plays, our ringing tone, or our words and music. */
  readonly earlyMedia: 'none' | 'ringback' | 'please-wait';
  /** How long a call waits for its PIN or for somebody; undefined: the trunk's ringing time-out. */
  readonly waitMs: Millis | undefined;
  /** 0 = no end; undefined: the trunk's. */
  readonly maxCallDurationMs: Millis | undefined;
  /** `*6` mutes the phone's voice, and unmutes it. */
  readonly keypadMute: boolean;
  /** How those in the room are told that a phone comes or goes. */
  readonly entrySound: 'none' | 'tone' | 'spoken';
  /** Of prompts; undefined: the trunk's, or English. */
  readonly language: string | undefined;
}

/** Answered at once, and nothing played. */
export const DEFAULT_POLICY: CallPolicy = {
  answer: 'at-once',
  earlyMedia: 'none',
  waitMs: undefined,
  maxCallDurationMs: undefined,
  keypadMute: false,
  entrySound: 'none',
  language: undefined,
};

/** What a room shall be like that a call makes (LiveKit's RoomConfiguration); what is undefined is as the gateway's configuration has it. */
export interface RoomTerms {
  readonly emptyMs?: Millis | undefined;
  readonly departureMs?: Millis | undefined;
  readonly maxParticipants?: number | undefined;
  readonly metadata?: string | undefined;
  /** Agents that are sent into it. */
  readonly agents?: readonly RoomTermsAgent[] | undefined;
}

/** An agent that a room shall have (LiveKit's RoomAgentDispatch). */
export interface RoomTermsAgent {
  readonly agentName: string;
  readonly metadata: string;
  readonly deployment: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** LiveKit's number of it; it has no effect. */
  readonly restartPolicy: number;
}

/** Where calls go: LiveKit's SIPDispatchRuleInfo. */
export interface DispatchRule {
  readonly id: string;
  readonly name: string;
  /** `false`: passed over. Undefined: true. */
  readonly enabled?: boolean | undefined;
  /** Of the rules that fit, those of the lowest number come first. */
  readonly priority: number;
  /** Trunks that it is for; empty = every trunk. */
  readonly trunkIds: readonly string[];
  /** Called numbers, or patterns of them, that it is for; empty = every number. */
  readonly numbers: readonly string[];
  /** Callers, or patterns of them, that it is for; empty = every caller. */
  readonly inboundNumbers: readonly string[];
  readonly room: RoomChoice;
  /** Digits that a caller must key; undefined: none. Of several rules that fit, the PIN chooses. */
  readonly pin?: string | undefined;
  /** {@link DEFAULT_POLICY} when not given. */
  readonly policy?: CallPolicy | undefined;
  /** Keeps the caller's number out of identity, name and attributes. */
  readonly hidePhoneNumber: boolean;
  /** Set on the participant. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly metadata: string;
  /** Of a room that its call makes; undefined: as any. */
  readonly roomTerms?: RoomTerms | undefined;
}
