/**
 * The SIP endpoint: bytes in, bytes out, and the application's calls between. Pure: time, randomness and the way out
 * are handed in. What a request means is `request-router.ts`; here is what all messages go through.
 */
import { fromUtf8 } from '../base/bytes.ts';
import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import { ClientTable } from './client-table.ts';
import type { SipCore } from './core.ts';
import type { DialogSession } from './dialog-session.ts';
import { DialogTable } from './dialog-table.ts';
import { DropCounter, type DroppedEvent, type DropReason } from './drop-counter.ts';
import { LargeRequests } from './large-requests.ts';
import { DEFAULT_SESSION_TIMES, DEFAULT_SIP_LIMITS, type SessionTimes, type SipLimits } from './limits.ts';
import { sendLoneRequest } from './lone-request.ts';
import { OutgoingSession } from './outgoing-invite.ts';
import { type ParseFault, parseMessage } from './parse-message.ts';
import { PeerSet } from './peer-set.ts';
import type {
  Admission,
  Authorize,
  Flow,
  IncomingInvite,
  LoneOutcome,
  LoneRequest,
  NextHop,
  OutgoingHandler,
  OutgoingInvite,
  OutgoingOptions,
  SipEngine,
  TermsOf,
} from './ports.ts';
import { RequestRouter } from './request-router.ts';
import { buildResponse, statelessTag } from './responses.ts';
import { ServerTable } from './server-table.ts';
import { SourceRate } from './source-rate.ts';
import { StandingQueue } from './standing-queue.ts';
import { BASE_TIMES, type Timing } from './transactions/step.ts';

export interface SipEndpointOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Sends a datagram, or writes a message to a connection. Never throws; a connection that is closed swallows it. */
  readonly send: (bytes: Uint8Array, flow: Flow) => void;
  readonly admission: Admission;
  /** Hears of drops, summed up by reason. An `EventSink` fits. */
  readonly emit: (event: DroppedEvent) => void;
  /** Value of Server and User-Agent. */
  readonly userAgent: string;
  /** Our address as the far end of `flow` must see it in Contact and Via. */
  readonly contact: (flow: Flow) => HostPort;
  /**
   * A way to a next hop: for UDP the socket that fits, for TCP a connection there is or one begun now, which keeps what
   * is sent until it is open and calls {@link SipEndpoint.flowClosed} when it fails. Undefined when there is none.
   */
  readonly openFlow?: (next: NextHop) => Flow | undefined;
  /** A throw of the application's handlers, or a bug of ours: never the sender's to cause. */
  readonly onFault?: (error: unknown) => void;
  readonly limits?: Partial<SipLimits>;
  /** Session timers (RFC 4028). */
  readonly session?: SessionTimes;
  /** May requests of the dialog on `dialogFlow` come from `flow` as well? By default only from where it was made. */
  readonly isTrustedPeer?: (flow: Flow, dialogFlow: Flow) => boolean;
  /** Has the process more to do than it can? New INVITEs then get 503 with Retry-After, and what lives goes on. */
  readonly overloaded?: () => boolean;
  /**
   * Hears each message of admitted sources before it is read, and each that is sent. The bytes are its own only during the call;
   * `text` is what they say, where that is known.
   */
  readonly observe?: (way: 'in' | 'out', bytes: Uint8Array, flow: Flow, text?: string) => void;
  /** A request that came over TLS offers its connection for ours to `port` of the same host (RFC 5923 section 8.2). */
  readonly aliased?: (flow: Flow, port: number) => void;
  /** T1, T2, T4 in ms, where the defaults of RFC 3261 do not fit. */
  readonly times?: { readonly t1: number; readonly t2: number; readonly t4: number };
}

export class SipEndpoint implements SipEngine {
  onInvite: (invite: IncomingInvite) => void = (invite) => invite.reject(480);
  readonly #options: SipEndpointOptions;
  readonly #limits: SipLimits;
  readonly #drops: DropCounter;
  readonly #rate: SourceRate;
  readonly #servers: ServerTable;
  readonly #clients = new ClientTable();
  readonly #queue = new StandingQueue();
  readonly #dialogs = new DialogTable<DialogSession>();
  readonly #core: SipCore;
  readonly #router: RequestRouter;
  readonly #outgoing = new Set<OutgoingSession>();
  /** Stream flows on which something came and which have not closed. */
  readonly #streams = new Set<Flow>();
  readonly #closed = new WeakSet<Flow>();

  constructor(options: SipEndpointOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_SIP_LIMITS, ...options.limits };
    this.#drops = new DropCounter(options.clock, options.timers, options.emit);
    this.#servers = new ServerTable(options.clock, options.timers);
    this.#rate = new SourceRate(this.#limits.messagesPerSecond);
    this.#core = this.#makeCore();
    this.#router = new RequestRouter(this.#core, this.#servers, this.#dialogs, this.#limits, (invite) =>
      this.onInvite(invite),
    );
  }

  /**
   * A datagram, or one message that the stream framer cut out. Never throws. The bytes are not kept. `cameAt`: when it came, if that
   * was earlier.
   */
  receive(bytes: Uint8Array, flow: Flow, cameAt?: Millis): void {
    try {
      this.#receive(bytes, flow, cameAt);
    } catch (error) {
      this.#drop('internal-error', flow);
      this.#options.onFault?.(error);
    }
  }

  /** Would anything that comes from there be read? For connections, before they are accepted. */
  admits(flow: Flow): boolean {
    return this.#options.admission(flow) === 'admit' || this.#core.peers.has(flow.remote.address);
  }

  /** A connection ended: calls being set up on it fail, established ones live on (RFC 3261 section 18.4). */
  flowClosed(flow: Flow): void {
    this.#closed.add(flow);
    this.#streams.delete(flow);
    this.#servers.flowClosed(flow);
    this.#clients.flowClosed(flow);
  }

  invite(options: OutgoingOptions, handler: OutgoingHandler): OutgoingInvite {
    const session = new OutgoingSession(this.#core, options, handler, (over) => this.#outgoing.delete(over));
    this.#outgoing.add(session);
    session.start();
    return session;
  }

  request(request: LoneRequest, onFinal: (outcome: LoneOutcome) => void): void {
    sendLoneRequest(this.#core, request, onFinal);
  }

  /** Asked for each new INVITE before anything of it is kept. */
  set authorize(authorize: Authorize) {
    this.#router.authorize = authorize;
  }

  /** Asked for each INVITE that was let in. */
  set termsOf(termsOf: TermsOf) {
    this.#router.termsOf = termsOf;
  }

  /** From now on OPTIONS outside of calls gets 503, so that carriers look elsewhere; INVITEs are for the application to refuse. */
  drain(): void {
    this.#router.phase = 'draining';
  }

  /** From now on new INVITEs get 503 with Retry-After, too; what lives goes on. */
  shutdown(): void {
    this.#router.phase = 'stopping';
  }

  /** Forgets all that lives and all alarms, silently: the process ends. */
  abandon(): void {
    this.#servers.abandon();
    this.#clients.abandon();
    for (const session of this.#dialogs.all()) session.close();
    this.#outgoing.clear();
    this.#drops.flush();
  }

  gauges(): { readonly calls: number; readonly transactions: number; readonly connections: number } {
    let calls = this.#dialogs.size;
    for (const outgoing of this.#outgoing) if (!outgoing.inDialog) calls++;
    return {
      calls,
      transactions: this.#servers.size + this.#clients.size,
      connections: this.#streams.size,
    };
  }

  #receive(bytes: Uint8Array, flow: Flow, cameAt: Millis | undefined): void {
    // Keep-alives: CRLFs, or the two NULs of some phones.
    if (bytes.length <= 4 && bytes.every((byte) => byte === 13 || byte === 10 || byte === 0)) return;
    const admitted = this.#options.admission(flow) === 'admit';
    if (!admitted && !this.#core.peers.has(flow.remote.address)) {
      this.#drop('not-admitted', flow);
      return;
    }
    const now = this.#options.clock.now();
    const rate = this.#rate.take(flow.remote.address, now);
    if (rate === 'over') {
      this.#drop('rate', flow);
      return;
    }
    if (flow.transport !== 'udp' && !this.#closed.has(flow)) this.#streams.add(flow);
    const text = bytes.length > this.#limits.parse.message ? undefined : fromUtf8(bytes);
    this.#options.observe?.('in', bytes, flow, text);
    const stands = cameAt !== undefined && this.#queue.took(cameAt, now);
    this.#router.strained = stands || rate === 'strained' || this.#options.overloaded?.() === true;
    const parsed = parseMessage(bytes, this.#limits.parse, text);
    if (!parsed.ok) this.#malformed(parsed.error, flow, admitted);
    else if (parsed.value.kind === 'request') {
      const { via } = parsed.value;
      if (flow.transport === 'tls' && via.params.has('alias'))
        this.#options.aliased?.(flow, via.port ?? 5061);
      this.#router.route(parsed.value, flow, admitted);
    } else this.#response(parsed.value, flow);
  }

  #response(response: Parameters<ClientTable['receive']>[0], flow: Flow): void {
    // Section 18.1.2: a response with a Via below ours has gone astray.
    const stray = response.headers.all('via').length !== 1 || !this.#clients.receive(response);
    if (stray) this.#drop('stray-response', flow);
  }

  /** Counts a message that is none, and answers it when it is a request of which enough could be read. */
  #malformed(fault: ParseFault, flow: Flow, admitted: boolean): void {
    this.#drop(fault.reason, flow);
    const { headers, method } = fault;
    if (!admitted || method === '' || method === 'ACK') return;
    for (const name of ['via', 'from', 'to', 'call-id', 'cseq']) if ((headers.get(name) ?? '') === '') return;
    const toTag = statelessTag(headers);
    this.#core.send(buildResponse(headers, flow, this.#options.userAgent, fault.status, { toTag }), flow);
  }

  #drop(reason: DropReason, flow: Flow): void {
    this.#drops.count(reason, flow.remote);
  }

  #makeCore(): SipCore {
    const { clock, timers, random, userAgent, contact, onFault, openFlow } = this.#options;
    const times = this.#options.times ?? BASE_TIMES;
    const unreliable: Timing = { ...times, reliable: false };
    const reliable: Timing = { ...times, reliable: true };
    const large = new LargeRequests({
      now: () => clock.now(),
      openFlow: (next) => openFlow?.(next),
      start: (request, listener) => this.#clients.start(this.#core, request, listener),
    });
    return {
      clock,
      timers,
      random,
      userAgent,
      contact,
      session: this.#options.session ?? DEFAULT_SESSION_TIMES,
      isTrustedPeer: (flow, dialogFlow) => this.#options.isTrustedPeer?.(flow, dialogFlow) === true,
      dialogs: this.#dialogs,
      start: (request, listener) => large.start(request, listener),
      giveUp: (branch, method) => this.#clients.giveUp(branch, method),
      peers: new PeerSet(clock, 64 * times.t1),
      timing: (flow) => (flow.transport === 'udp' ? unreliable : reliable),
      send: (bytes, flow) => {
        if (this.#closed.has(flow)) {
          this.#drop('closed-flow', flow);
          return;
        }
        this.#options.observe?.('out', bytes, flow);
        this.#options.send(bytes, flow);
      },
      openFlow: (next) => openFlow?.(next),
      isOpen: (flow) => !this.#closed.has(flow),
      drop: (reason, flow) => this.#drop(reason, flow),
      guard: (run) => {
        try {
          run();
        } catch (error) {
          onFault?.(error);
        }
      },
      retryAfter: () => String(random.u32() % 11),
      after: (delay, wake) => timers.schedule(clock.now() + delay, wake),
    };
  }
}
