import type { GatewayEvent, LegQuality } from '../../events/index.ts';

/** A phone call as our webhooks tell it; times in Unix ms, spans in ms. What is not known yet is left out. */
export interface SipCallInfo {
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  /** The SIP Call-ID, of inbound calls. */
  readonly sipCallId?: string;
  readonly trunkId: string;
  readonly from: string;
  readonly to: string;
  readonly startedAtMs: number;
  readonly answeredAtMs?: number;
  readonly endedAtMs?: number;
  readonly codec?: string;
  /** From the answer on; 0: it was never answered. */
  readonly durationMs?: number;
  /** A name of the table of causes, and what that table says of it. */
  readonly cause?: string;
  readonly sipStatus?: number;
  readonly q850Cause?: number;
  readonly fault?: string;
  /** Only of those that are on hold, or were until now. */
  readonly heldBy?: 'phone' | 'gateway';
  readonly heldMs?: number;
  readonly quality?: LegQuality;
}

/** Names of our webhook events about phones; LiveKit has none. */
export type SipEventName =
  | 'sip_call_ringing'
  | 'sip_call_answered'
  | 'sip_call_held'
  | 'sip_call_resumed'
  | 'sip_call_ended';

/** Keeps what was told of each call until it is over. */
export class SipCalls {
  readonly #calls = new Map<string, SipCallInfo>();

  /** How many calls are not over. */
  get size(): number {
    return this.#calls.size;
  }

  /** What a webhook tells when this happens; undefined: nothing. */
  take(event: GatewayEvent, unixMs: number): { name: SipEventName; call: SipCallInfo } | undefined {
    switch (event.type) {
      case 'call.received':
      case 'call.placed': {
        const { call, from, to, trunk } = event;
        const inbound = event.type === 'call.received';
        this.#calls.set(call, {
          callId: call,
          direction: inbound ? 'inbound' : 'outbound',
          ...(inbound && { sipCallId: event.sipCallId }),
          ...{ trunkId: trunk, from, to, startedAtMs: unixMs },
        });
        return undefined;
      }
      case 'call.ringing':
        return this.#tell('sip_call_ringing', event.call, {});
      case 'call.answered':
        return this.#tell('sip_call_answered', event.call, { answeredAtMs: unixMs, codec: event.codec });
      case 'call.codec':
        this.#tell('sip_call_answered', event.call, { codec: event.codec });
        return undefined;
      case 'call.held':
        return this.#tell('sip_call_held', event.call, { heldBy: event.by });
      case 'call.resumed':
        return this.#tell('sip_call_resumed', event.call, { heldMs: event.heldMs });
      case 'call.ended': {
        const { call, durationMs, ending, quality } = event;
        const told = this.#tell('sip_call_ended', call, {
          ...{ endedAtMs: unixMs, durationMs, cause: ending.cause },
          ...{ sipStatus: ending.sipStatus, q850Cause: ending.q850, fault: ending.fault },
          ...(quality !== undefined && { quality }),
        });
        this.#calls.delete(call);
        return told;
      }
      default:
        return undefined;
    }
  }

  #tell(name: SipEventName, id: string, news: Partial<SipCallInfo>) {
    const known = this.#calls.get(id);
    if (known === undefined) return undefined;
    const call = { ...known, ...news };
    this.#calls.set(id, call);
    return { name, call };
  }
}
