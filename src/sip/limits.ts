import { DEFAULT_LIMITS, type ParseLimits } from './parse-message.ts';

/** Caps of what the endpoint holds. */
export interface SipLimits {
  /** Dialogs, early ones too; above it a new INVITE gets 503. */
  readonly calls: number;
  /** Server transactions, each up to 32 s; above it a new INVITE gets 503, at twice of it everything is dropped. */
  readonly transactions: number;
  /** Messages of one source; above half of it its new INVITEs get 503, above it nothing of it is read. */
  readonly messagesPerSecond: number;
  readonly parse: ParseLimits;
}

export const DEFAULT_SIP_LIMITS: SipLimits = {
  calls: 20_000,
  transactions: 200_000,
  messagesPerSecond: 20_000,
  parse: DEFAULT_LIMITS,
};

/** What we want of session timers (RFC 4028), in seconds. */
export interface SessionTimes {
  /** Session-Expires of our own; 0: none is asked for, and a far end's is followed all the same. */
  readonly sessionExpires: number;
  /** The shortest that is accepted: less gets 422. At least 90 (section 5). */
  readonly minSe: number;
}

export const DEFAULT_SESSION_TIMES: SessionTimes = { sessionExpires: 1800, minSe: 90 };
