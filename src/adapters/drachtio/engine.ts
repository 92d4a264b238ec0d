/**
 * drachtio as SIP engine: its server has the sockets, the transactions and the dialogs' state; here is what a request means to us, by the same
 * rules as `sip/request-router.ts`. Who may send at all, and how fast, is asked here too, but the server has read the message by then.
 */
import type { Millis } from '../../base/clock.ts';
import type { Alarm } from '../../base/wake-queue.ts';
import { DropCounter, type DroppedEvent } from '../../sip/drop-counter.ts';
import { DEFAULT_SESSION_TIMES, DEFAULT_SIP_LIMITS, type SessionTimes } from '../../sip/limits.ts';
import type {
  Admission,
  Authorize,
  Flow,
  IncomingInvite,
  LoneOutcome,
  LoneRequest,
  OutgoingHandler,
  OutgoingInvite,
  OutgoingOptions,
  SipEngine,
} from '../../sip/ports.ts';
import { SourceRate } from '../../sip/source-rate.ts';
import type { DialogEntry, DrachtioCore, EarlyCall } from './core.ts';
import { DrachtioLink, type LinkOptions } from './link.ts';
import { sendLoneRequest } from './lone-request.ts';
import { OutgoingCall } from './outgoing-call.ts';
import { RequestDesk } from './request-desk.ts';
import type { OwnRequest, OwnRequestListener } from './srf.ts';

/** How often calls of a former connection are asked after, ms. */
const PROBE: Millis = 15_000;
/** How long calls stay up while there is no server, ms. */
const ORPHAN: Millis = 60_000;

/** The connection to the drachtio server came about, or is gone. */
export interface EngineEvent {
  type: 'sip.engine';
  state: 'up' | 'down';
  detail: string;
  /** Calls that are up and which the server tells us nothing about any more. */
  calls: number;
}

export interface DrachtioOptions
  extends Pick<LinkOptions, 'host' | 'port' | 'secret' | 'clock' | 'timers' | 'random'> {
  readonly admission: Admission;
  readonly emit: (event: DroppedEvent | EngineEvent) => void;
  /** Value of Server and User-Agent. */
  readonly userAgent: string;
  /** A throw of the application's handlers, or of the package: never the sender's to cause. */
  readonly onFault?: (error: unknown) => void;
  readonly limits?: { readonly calls?: number; readonly messagesPerSecond?: number };
  readonly session?: SessionTimes;
  /** May requests of the dialog on `dialogFlow` come from `flow` as well? By default only from where it was made. */
  readonly isTrustedPeer?: (flow: Flow, dialogFlow: Flow) => boolean;
  /** Has the process more to do than it can? */
  readonly overloaded?: () => boolean;
  /** Hears each message that came or went, as the server wrote it. */
  readonly observe?: (way: 'in' | 'out', bytes: Uint8Array, flow: Flow) => void;
}

export class DrachtioEngine implements SipEngine {
  onInvite: (invite: IncomingInvite) => void = (invite) => invite.reject(480);
  readonly #options: DrachtioOptions;
  readonly #link: DrachtioLink;
  readonly #core: DrachtioCore;
  readonly #desk: RequestDesk;
  readonly #drops: DropCounter;
  readonly #outgoing = new Set<OutgoingCall>();
  /** Requests of ours that wait for their end. */
  readonly #waiting = new Set<OwnRequestListener>();
  #probe: Alarm | undefined;
  #orphans: Alarm | undefined;

  constructor(options: DrachtioOptions) {
    this.#options = options;
    const { clock, timers, emit, onFault = () => {} } = options;
    this.#drops = new DropCounter(clock, timers, emit);
    this.#core = this.#makeCore();
    this.#desk = new RequestDesk(this.#core, {
      rate: new SourceRate(options.limits?.messagesPerSecond ?? DEFAULT_SIP_LIMITS.messagesPerSecond),
      maxCalls: options.limits?.calls ?? DEFAULT_SIP_LIMITS.calls,
      admission: options.admission,
      overloaded: () => options.overloaded?.() === true,
      observe: (way, bytes, flow) => options.observe?.(way, bytes, flow),
      onInvite: (invite) => this.onInvite(invite),
      calls: () => this.gauges().calls,
    });
    this.#link = new DrachtioLink(
      { ...options, onFault },
      {
        up: (version) => this.#up(version),
        down: (why, retryMs) => this.#down(why, retryMs),
        request: (request) => this.#desk.take(request),
      },
    );
  }

  /** Connects, and stays connected as far as it can. */
  start(): void {
    this.#link.start();
  }

  /** Does the server take requests now? */
  get isUp(): boolean {
    return this.#link.isUp;
  }

  invite(options: OutgoingOptions, handler: OutgoingHandler): OutgoingInvite {
    const call = new OutgoingCall(this.#core, options, handler, (over) => this.#outgoing.delete(over));
    this.#outgoing.add(call);
    call.start();
    return call;
  }

  request(request: LoneRequest, onFinal: (outcome: LoneOutcome) => void): void {
    sendLoneRequest(this.#core, request, onFinal);
  }

  /** Asked for each new INVITE before anything of it is kept. */
  set authorize(authorize: Authorize) {
    this.#desk.authorize = authorize;
  }

  /** From now on OPTIONS outside of calls gets 503, so that carriers look elsewhere; INVITEs are for the application to refuse. */
  drain(): void {
    this.#desk.phase = 'draining';
  }

  /** From now on new INVITEs get 503 with Retry-After, too; what lives goes on. */
  shutdown(): void {
    this.#desk.phase = 'stopping';
  }

  /** Forgets all that lives and all alarms, silently: the process ends. */
  abandon(): void {
    const { timers } = this.#options;
    this.#link.stop();
    timers.cancel(this.#probe);
    timers.cancel(this.#orphans);
    this.#waiting.clear();
    for (const dialog of [...this.#core.dialogs.values()]) dialog.close();
    for (const call of [...this.#core.early.values()]) call.session.close();
    this.#drops.flush();
  }

  /** The server's connections are not seen from here. */
  gauges(): { readonly calls: number; readonly transactions: number; readonly connections: number } {
    const all = new Set<DialogEntry>(this.#core.dialogs.values());
    for (const { session } of this.#core.early.values()) all.add(session);
    for (const { session } of this.#outgoing) all.add(session);
    return { calls: all.size, transactions: this.#waiting.size + this.#desk.unanswered, connections: 0 };
  }

  #up(version: string): void {
    const { timers, emit } = this.#options;
    timers.cancel(this.#orphans);
    this.#orphans = undefined;
    emit({ type: 'sip.engine', state: 'up', detail: version, calls: this.#orphaned().length });
    this.#probeOrphans();
  }

  #down(why: string, retryMs: Millis): void {
    const { timers, emit } = this.#options;
    timers.cancel(this.#probe);
    const detail = 'the connection to drachtio is gone';
    for (const listener of [...this.#waiting]) this.#settle(listener, detail);
    this.#desk.forgetUnanswered();
    for (const call of [...this.#core.early.values()] as EarlyCall[]) call.lost(detail);
    for (const dialog of [...this.#core.dialogs.values()]) dialog.orphan(detail);
    this.#orphans ??= this.#core.after(ORPHAN, () => this.#giveUpOrphans(detail));
    const again = `${why}; again in ${Math.round(retryMs)} ms`;
    emit({ type: 'sip.engine', state: 'down', detail: again, calls: this.#orphaned().length });
  }

  #orphaned(): DialogEntry[] {
    return [...this.#core.dialogs.values()].filter((dialog) => dialog.isOrphaned);
  }

  #giveUpOrphans(detail: string): void {
    this.#orphans = undefined;
    for (const dialog of this.#orphaned()) dialog.end({ by: 'transport', detail });
  }

  /** The server passes on nothing of a dialog whose connection has gone, not even BYE: it must be asked. */
  #probeOrphans(): void {
    const orphans = this.#orphaned();
    if (orphans.length === 0) return;
    for (const dialog of orphans) dialog.probe();
    this.#probe = this.#core.after(PROBE, () => this.#probeOrphans());
  }

  #settle(listener: OwnRequestListener, detail: string): void {
    if (this.#waiting.delete(listener)) listener.failed('not-sent', detail);
  }

  #send(request: OwnRequest, listener: OwnRequestListener): void {
    this.#waiting.add(listener);
    this.#link.send(request, {
      sent: (sent) => {
        if (this.#waiting.has(listener)) listener.sent?.(sent);
      },
      response: (response) => {
        // A fork's further 2xx still has to be acknowledged; whatever else comes late is late.
        if (response.status >= 200 ? !this.#waiting.delete(listener) : !this.#waiting.has(listener)) return;
        listener.response(response);
      },
      failed: (why, detail) => {
        if (this.#waiting.delete(listener)) listener.failed(why, detail);
      },
    });
  }

  #makeCore(): DrachtioCore {
    const { clock, timers, random, userAgent, session, isTrustedPeer, onFault } = this.#options;
    const isPeer = (flow: Flow, dialogFlow: Flow) =>
      flow.remote.address === dialogFlow.remote.address || isTrustedPeer?.(flow, dialogFlow) === true;
    return {
      clock,
      timers,
      random,
      userAgent,
      session: session ?? DEFAULT_SESSION_TIMES,
      dialogs: new Map(),
      early: new Map(),
      send: (request, listener) => this.#send(request, listener),
      isPeer,
      proofFor: (authenticator, flow) =>
        authenticator === undefined
          ? undefined
          : { authenticator, isFor: (remote) => isPeer({ ...flow, remote }, flow) },
      drop: (reason, flow) => this.#drops.count(reason, flow.remote),
      guard: (run) => {
        try {
          run();
        } catch (error) {
          onFault?.(error);
        }
      },
      after: (delay, wake) => timers.schedule(clock.now() + delay, wake),
    };
  }
}
