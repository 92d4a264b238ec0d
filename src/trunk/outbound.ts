import type { Millis } from '../base/clock.ts';
import type { SipTerms } from '../sip/call-terms.ts';
import type { Account } from '../sip/digest/client.ts';
import type { SipTransport } from '../sip/ports.ts';
import type { CallerIdentity } from './caller-identity.ts';
import type { AllowedCountries, NumberFormat } from './dialled-number.ts';
import type {
  DtmfMode,
  HeaderMaps,
  MediaEncryption,
  MediaPatience,
  TransferPolicy,
  TrunkCodec,
  TrunkPacketTimes,
} from './trunk.ts';

/** A place that calls may be sent to, by name or address; `port` undefined: what DNS or the transport says. */
export interface Target {
  readonly host: string;
  readonly port: number | undefined;
  readonly transport: SipTransport;
  /** Lower ones are tried first; among equals `weight` decides by lot (RFC 2782). */
  readonly priority: number;
  readonly weight: number;
}

/** How we register at a carrier that does not know our address (RFC 3261 section 10). */
export interface RegistrationSettings {
  /** Host of the Request-URI and of the address of record. */
  readonly domain: string;
  /** User of the address of record. */
  readonly user: string;
  /** What is asked for; the answer decides. */
  readonly expiresMs: Millis;
  /** First wait after a failure; it doubles, up to {@link maxRetryMs}. */
  readonly retryMs: Millis;
  readonly maxRetryMs: Millis;
}

/** What is done when a carrier redirects a call (3xx). */
export type RedirectPolicy =
  | { readonly do: 'refuse' }
  /** Other places are tried, at most `max` of them, if they are the trunk's own or in `hosts`. */
  | { readonly do: 'follow'; readonly max: number; readonly hosts: readonly string[] };

/** Where calls go out, as whom, and how many: LiveKit's SIPOutboundTrunkInfo, and what LiveKit lacks. */
export interface OutboundTrunk extends MediaPatience {
  readonly id: string;
  readonly name: string;
  /** Host of Request-URI and To. */
  readonly domain: string;
  /** Never empty. */
  readonly targets: readonly Target[];
  /** Numbers to call from; empty: any. The first one is taken when a call names none. */
  readonly numbers: readonly string[];
  /** Host of our From; undefined: our own address. */
  readonly fromHost: string | undefined;
  /** How the carrier is told who calls, beside From. */
  readonly callerIdentity: CallerIdentity;
  readonly account: Account | undefined;
  readonly headers: HeaderMaps;
  readonly mediaAddresses: readonly string[];
  /** ISO 3166 code by which national numbers become E.164. */
  readonly country: string | undefined;
  /** How the called number, and the one that calls, are written to the carrier. */
  readonly numberFormat: NumberFormat;
  readonly callerFormat: NumberFormat;
  /** Digits before each called number by which the carrier knows the customer; often none. */
  readonly techPrefix: string;
  readonly allowedCountries: AllowedCountries;
  readonly redirects: RedirectPolicy;
  /** Final statuses after which the next target is tried. */
  readonly rerouteCodes: readonly number[];
  readonly codecs: readonly TrunkCodec[];
  readonly packetTimes?: TrunkPacketTimes | undefined;
  /** As an inbound trunk has it; `allowed` offers SRTP first, and plain RTP on a line beside it. */
  readonly mediaEncryption?: MediaEncryption | undefined;
  /** As an inbound trunk has it. */
  readonly rtcpMux?: boolean | undefined;
  readonly ringingTimeoutMs: Millis;
  /** A target that does not say anything in this time is passed over for the next. */
  readonly targetTimeoutMs: Millis;
  /** 0 = no end. */
  readonly maxCallDurationMs: Millis;
  /** Calls at the same time; 0 = no limit. */
  readonly maxCalls: number;
  /** New calls per second; 0 = no limit. */
  readonly callsPerSecond: number;
  /** Between two double CRLFs to registrar and targets; 0 or undefined: none. */
  readonly keepAliveMs?: Millis | undefined;
  /** Between two OPTIONS to each target; 0 = none. */
  readonly healthIntervalMs: Millis;
  readonly register: RegistrationSettings | undefined;
  /** Which answers to OPTIONS say that a target is up; undefined: `any`, but for 408 and 503. */
  readonly healthStatuses?: 'any' | 'success' | undefined;
  /** `false`: no calls, no registration, no OPTIONS. Undefined: true. */
  readonly enabled?: boolean | undefined;
  /** As an inbound trunk has them. */
  readonly terms?: SipTerms | undefined;
  readonly transfers?: TransferPolicy | undefined;
  readonly dtmf?: DtmfMode | undefined;
  /** Tones within its phones' voices are keys too; false when not given. */
  readonly dtmfInband?: boolean | undefined;
}
