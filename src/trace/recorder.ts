/** The last calls' messages as they went over the wire, and what became of each call: bounded, secrets left out. */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import type { WallClock } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { GatewayEvent } from '../events/index.ts';
import type { Flow, SipTransport } from '../sip/ports.ts';
import { callIdOf } from './call-id.ts';
import { redact, redactText } from './redact.ts';

/** A message, as it was but for its secrets. */
export interface TracedMessage {
  readonly unixMs: number;
  readonly way: 'in' | 'out';
  readonly transport: SipTransport;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly bytes: Uint8Array;
}

class KeptMessage implements TracedMessage {
  readonly unixMs: number;
  readonly way: 'in' | 'out';
  /** In bytes. */
  readonly size: number;
  readonly #flow: Flow;
  /** The text, which most often is there already, unless it does not say all. */
  readonly #kept: string | Uint8Array;

  constructor(unixMs: number, way: 'in' | 'out', flow: Flow, bytes: Uint8Array, text: string) {
    this.unixMs = unixMs;
    this.way = way;
    this.#flow = flow;
    // Each byte is a character, and none is one that cannot be read.
    const saysAll = text.length === bytes.length && !text.includes('\ufffd');
    this.#kept = saysAll ? redactText(text) : redact(bytes, text);
    this.size = this.#kept.length;
  }

  get transport(): SipTransport {
    return this.#flow.transport;
  }

  get local(): HostPort {
    return this.#flow.local;
  }

  get remote(): HostPort {
    return this.#flow.remote;
  }

  get bytes(): Uint8Array {
    return typeof this.#kept === 'string' ? utf8(this.#kept) : this.#kept;
  }
}

/** Something that the gateway did or noticed between two messages. */
export interface TracedStage {
  readonly unixMs: number;
  readonly stage: string;
}

export interface CallTrace {
  /** The SIP Call-ID. */
  readonly callId: string;
  /** `SCL_…`, once a trunk was found. */
  call: string | undefined;
  readonly begunAt: number;
  readonly messages: readonly TracedMessage[];
  readonly stages: readonly TracedStage[];
  /** Messages that came when there was no room for more. */
  lost: number;
}

interface Recorded extends CallTrace {
  readonly messages: KeptMessage[];
  readonly stages: TracedStage[];
}

export interface TraceLimits {
  /** Calls that are kept; 0: none. */
  readonly calls: number;
  /** Messages of one call. */
  readonly messages: number;
  /** Bytes of all messages together. */
  readonly bytes: number;
}

export const defaultTraceLimits: TraceLimits = { calls: 200, messages: 200, bytes: 32 << 20 };

const MAX_STAGES = 100;
/** Stages whose time is measured, by the event that tells them. */
const TIMED: Readonly<Partial<Record<GatewayEvent['type'], string>>> = {
  'call.received': 'matched',
  'call.joined': 'joined',
  'call.ringing': 'ringing',
  'call.answered': 'answered',
  'call.media': 'rtp-in',
  'call.spoken': 'rtp-out',
};

/** What a call has come to, and how long after its INVITE, ms. */
export type StageListener = (call: string, stage: string, ms: number) => void;

export class TraceRecorder {
  /** Hears each stage of calls that found their trunk. */
  onStage: StageListener = () => {};
  readonly #wall: WallClock;
  readonly #limits: TraceLimits;
  /** By Call-ID, the oldest first. */
  readonly #traces = new Map<string, Recorded>();
  /** Call-IDs by `SCL_…`. */
  readonly #byCall = new Map<string, Recorded>();
  #bytes = 0;

  constructor(wall: WallClock, limits: TraceLimits = defaultTraceLimits) {
    this.#wall = wall;
    this.#limits = limits;
  }

  get calls(): number {
    return this.#traces.size;
  }

  /** Bytes of messages that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** For `SipEndpointOptions.observe`. A call's trace begins with its INVITE; what belongs to none is passed over. */
  readonly observe = (way: 'in' | 'out', bytes: Uint8Array, flow: Flow, known?: string): void => {
    if (this.#limits.calls === 0) return;
    const text = known ?? fromUtf8(bytes);
    const callId = callIdOf(text);
    if (callId === undefined) return;
    const trace = this.#traces.get(callId) ?? (text.startsWith('INVITE ') ? this.#begin(callId) : undefined);
    if (trace === undefined) return;
    if (trace.messages.length >= this.#limits.messages) {
      trace.lost++;
      return;
    }
    const message = new KeptMessage(this.#wall.unixMs(), way, flow, bytes, text);
    trace.messages.push(message);
    this.#bytes += message.size;
    while (this.#bytes > this.#limits.bytes && this.#traces.size > 1) this.#forgetOldest();
  };

  /** For the event bus: what the gateway did in the call. */
  readonly sink = (event: GatewayEvent): void => {
    const trace = this.#traceOf(event);
    if (trace === undefined || trace.stages.length >= MAX_STAGES) return;
    if ('call' in event && trace.call === undefined) {
      trace.call = event.call;
      this.#byCall.set(event.call, trace);
    }
    const unixMs = this.#wall.unixMs();
    trace.stages.push({ unixMs, stage: stageOf(event) });
    const timed = TIMED[event.type];
    if (timed !== undefined && trace.call !== undefined)
      this.onStage(trace.call, timed, unixMs - trace.begunAt);
  };

  /** By `SCL_…` or by Call-ID. */
  find(id: string): CallTrace | undefined {
    return this.#byCall.get(id) ?? this.#traces.get(id);
  }

  /** All that are kept, the newest first. */
  all(): readonly CallTrace[] {
    return [...this.#traces.values()].reverse();
  }

  #traceOf(event: GatewayEvent): Recorded | undefined {
    if (event.type === 'call.stage' || event.type === 'call.dtmf') return undefined;
    if ('sipCallId' in event) return this.#traces.get(event.sipCallId);
    return 'call' in event ? this.#byCall.get(event.call) : undefined;
  }

  #begin(callId: string): Recorded {
    const begunAt = this.#wall.unixMs();
    const trace: Recorded = { callId, call: undefined, begunAt, messages: [], stages: [], lost: 0 };
    this.#traces.set(callId, trace);
    if (this.#traces.size > this.#limits.calls) this.#forgetOldest();
    return trace;
  }

  #forgetOldest(): void {
    const [oldest] = this.#traces.values();
    if (oldest === undefined) return;
    this.#traces.delete(oldest.callId);
    // A call that was placed has a trace for each target; the last one bears its name.
    if (oldest.call !== undefined && this.#byCall.get(oldest.call) === oldest)
      this.#byCall.delete(oldest.call);
    for (const message of oldest.messages) this.#bytes -= message.size;
  }
}

/** The event in words: its name and what it says, but not who, and no keys that were pressed. */
function stageOf(event: GatewayEvent): string {
  switch (event.type) {
    case 'call.received':
      return `trunk ${event.trunk} matched`;
    case 'call.joined':
      return `room ${event.room} joined`;
    case 'call.dialled':
      return `sent to ${event.target}`;
    case 'call.redirected':
      return `redirected by a ${event.status}, ${event.followed ? 'followed' : 'not followed'}`;
    case 'call.unreachable':
      return `${event.target} is passed over: ${event.reason}`;
    case 'call.refused':
      return `refused: ${event.reason} (${event.status})`;
    case 'call.answered':
      return `answered, ${event.codec}, room ${event.room}, ${Math.round(event.setupMs)} ms after the INVITE`;
    case 'call.media':
      return `first RTP of the phone, ${Math.round(event.firstRtpMs)} ms after the INVITE`;
    case 'call.spoken':
      return 'first RTP to the phone';
    case 'call.ended':
      return `ended: ${event.ending.cause} (SIP ${event.ending.sipStatus}, Q.850 ${event.ending.q850})`;
    default:
      return event.type.slice(event.type.indexOf('.') + 1);
  }
}
