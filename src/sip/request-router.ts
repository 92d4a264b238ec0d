/** Takes each request to whom it belongs (RFC 3261 sections 8.2, 12.2.2, 17.2.3): transaction, dialog, or a new call. */

import type { SipTerms } from './call-terms.ts';
import type { SipCore } from './core.ts';
import type { DialogSession } from './dialog-session.ts';
import type { DialogTable } from './dialog-table.ts';
import { newTag } from './ids.ts';
import { IncomingSession } from './incoming-invite.ts';
import type { SipLimits } from './limits.ts';
import type { SipRequest } from './message.ts';
import type {
  Authorize,
  ExtraHeaders,
  Flow,
  IncomingInvite,
  SipRequestInfo,
  SipUri,
  TermsOf,
} from './ports.ts';
import { requestInfo } from './request-info.ts';
import { buildResponse, RETRY_LATER, statelessTag } from './responses.ts';
import { CAPABILITIES, screenInitial } from './screening.ts';
import type { ServerTable, ServerTransaction } from './server-table.ts';
import { refuseTerms } from './terms.ts';
import { serverKey } from './transactions/keys.ts';
import { parseUri } from './uri.ts';
import { isWebSocket } from './web-socket.ts';

export class RequestRouter {
  /** `draining`: who asks by OPTIONS shall look elsewhere; `stopping`: no new calls either. What lives goes on. */
  phase: 'open' | 'draining' | 'stopping' = 'open';
  /** The source of the request at hand, or the whole gateway, has enough to do: nothing new. */
  strained = false;
  authorize: Authorize | undefined;
  termsOf: TermsOf | undefined;
  readonly #core: SipCore;
  readonly #servers: ServerTable;
  readonly #dialogs: DialogTable<DialogSession>;
  readonly #limits: SipLimits;
  readonly #onInvite: (invite: IncomingInvite) => void;
  /** Key of the request at hand, and its transaction once there is one. */
  #key = '';
  #fresh: ServerTransaction | undefined;

  constructor(
    core: SipCore,
    servers: ServerTable,
    dialogs: DialogTable<DialogSession>,
    limits: SipLimits,
    onInvite: (invite: IncomingInvite) => void,
  ) {
    this.#core = core;
    this.#servers = servers;
    this.#dialogs = dialogs;
    this.#limits = limits;
    this.#onInvite = onInvite;
  }

  /** `admitted` false: the source may speak in calls that live, and begin none. */
  route(request: SipRequest, flow: Flow, admitted: boolean): void {
    const key = serverKey(request);
    const transaction = this.#servers.find(key);
    if (transaction !== undefined) {
      this.#toTransaction(transaction, request, flow);
      return;
    }
    // Answers may bring the next message before this one is done with, where both ends are in one process.
    const [outerKey, outer] = [this.#key, this.#fresh];
    this.#key = key;
    this.#fresh = undefined;
    try {
      this.#routeNew(request, flow, admitted);
    } finally {
      // Most requests are answered by now, and need none of the timers of those that wait.
      this.#begin();
      this.#key = outerKey;
      this.#fresh = outer;
    }
  }

  #begin(): void {
    this.#fresh?.begin();
  }

  #routeNew(request: SipRequest, flow: Flow, admitted: boolean): void {
    if (request.method === 'ACK') this.#ackToDialog(request, flow);
    else if (request.method === 'CANCEL') this.#cancel(request, flow);
    else if (request.to.params.has('tag')) this.#toDialog(request, flow, admitted);
    else if (admitted) this.#initial(request, flow);
    else this.#core.drop('not-admitted', flow);
  }

  #toTransaction(transaction: ServerTransaction, request: SipRequest, flow: Flow): void {
    if (!this.#samePeer(transaction.flow, flow)) this.#core.drop('foreign-source', flow);
    else if (request.method !== 'ACK') transaction.repeated();
    else if (!transaction.acknowledged()) this.#ackToDialog(request, flow);
  }

  #ackToDialog(ack: SipRequest, flow: Flow): void {
    const session = this.#dialogs.find(ack);
    if (session === undefined) this.#core.drop('stray-ack', flow);
    else if (!session.isPeer(flow)) this.#core.drop('foreign-source', flow);
    else session.acknowledged(ack);
  }

  /** Section 9.2: 200 with the INVITE's To tag, whatever becomes of the INVITE; 481 when there is none. */
  #cancel(request: SipRequest, flow: Flow): void {
    const invite = this.#servers.findCancelled(request);
    if (invite !== undefined && !this.#samePeer(invite.flow, flow)) {
      this.#core.drop('foreign-source', flow);
      return;
    }
    const transaction = this.#create(request, flow);
    if (transaction === undefined) return;
    transaction.toTag = invite?.toTag ?? transaction.toTag;
    transaction.respond(invite === undefined ? 481 : 200);
    invite?.owner?.cancelled(request);
  }

  #toDialog(request: SipRequest, flow: Flow, admitted: boolean): void {
    const session = this.#dialogs.find(request);
    if (session !== undefined && !session.isPeer(flow)) {
      this.#core.drop('foreign-source', flow);
      return;
    }
    if (session === undefined && !admitted) {
      this.#core.drop('not-admitted', flow);
      return;
    }
    const transaction = this.#create(request, flow);
    if (transaction === undefined) return;
    if (session === undefined) transaction.respond(481);
    else session.receive(request, transaction);
  }

  #initial(request: SipRequest, flow: Flow): void {
    // Section 8.2.2.2: the same request by another way.
    const merged = this.#servers.isMerged(request);
    if (!merged && request.method === 'INVITE' && this.#overloaded()) {
      this.#stateless(request, flow, 503, RETRY_LATER);
      return;
    }
    const screened = screenInitial(request);
    const uri = screened.ok ? screened.value : webUri(request, flow);
    const info = uri === undefined ? undefined : requestInfo(request, uri, flow);
    if (!merged && info !== undefined && (request.method === 'INVITE' || isWebSocket(flow))) {
      const refused = this.#unauthorized(info);
      if (refused !== undefined) {
        this.#stateless(request, flow, refused.status, refused.headers);
        return;
      }
    }
    const transaction = this.#create(request, flow);
    if (transaction === undefined) return;
    if (merged) transaction.respond(482);
    else if (!screened.ok) transaction.respond(screened.error.status, { headers: screened.error.headers });
    else if (request.method === 'OPTIONS') this.#options(transaction);
    else this.#invite(request, info ?? requestInfo(request, screened.value, flow), transaction);
  }

  /** Section 11.2: the status that an INVITE would get, as far as it is the gateway's own. Carriers ask so whether we take calls. */
  #options(transaction: ServerTransaction): void {
    if (this.phase === 'open') transaction.respond(200, { headers: CAPABILITIES });
    else transaction.respond(503, { headers: [...CAPABILITIES, ...RETRY_LATER] });
  }

  #invite(request: SipRequest, info: SipRequestInfo, transaction: ServerTransaction): void {
    const terms = this.#terms(info);
    const refused = refuseTerms(request, terms);
    if (refused !== undefined) {
      transaction.respond(refused.status, { headers: refused.headers });
      return;
    }
    const session = new IncomingSession(this.#core, request, info, transaction, terms);
    this.#core.guard(() => this.#onInvite(session));
    // Section 17.2.1: a 100 is for who has nothing else to say at once.
    if (!transaction.responded) transaction.respond(100);
    // A call that nobody took would ring for ever: the application failed.
    if (!session.taken) session.reject(500);
  }

  #terms(info: SipRequestInfo): SipTerms {
    let terms: SipTerms | undefined;
    this.#core.guard(() => {
      terms = this.termsOf?.(info);
    });
    return terms ?? this.#core.session;
  }

  /** An application that fails lets nobody in. */
  #unauthorized(info: SipRequestInfo): ReturnType<Authorize> {
    if (this.authorize === undefined) return undefined;
    let refused: ReturnType<Authorize> = { status: 500, headers: [] };
    this.#core.guard(() => {
      refused = this.authorize?.(info);
    });
    return refused;
  }

  /** Does what comes on `flow` come from whom `first` came from? A carrier may use several addresses for one call. */
  #samePeer(first: Flow, flow: Flow): boolean {
    return first.remote.address === flow.remote.address || this.#core.isTrustedPeer(flow, first);
  }

  #overloaded(): boolean {
    if (this.phase === 'stopping' || this.strained || this.#servers.size >= this.#limits.transactions)
      return true;
    return this.#dialogs.size >= this.#limits.calls;
  }

  /** What lives has room left when new calls have not; beyond that room nothing is kept. */
  #create(request: SipRequest, flow: Flow): ServerTransaction | undefined {
    if (this.#servers.size >= 2 * this.#limits.transactions) {
      this.#core.drop('overload', flow);
      return undefined;
    }
    const transaction = this.#servers.create(this.#core, request, flow, this.#key);
    this.#fresh = transaction;
    // In a dialog, To has its tag.
    if (!request.to.params.has('tag')) transaction.toTag = newTag(this.#core.random);
    return transaction;
  }

  /** An answer that keeps nothing (section 8.2.7). */
  #stateless(request: SipRequest, flow: Flow, status: number, headers: ExtraHeaders): void {
    const parts = { toTag: statelessTag(request.headers), headers };
    this.#core.send(buildResponse(request.headers, flow, this.#core.userAgent, status, parts), flow);
  }
}

/**
 * Strangers come by WebSocket from anywhere: whatever they ask and however badly, they are asked who they are before they are told
 * anything else.
 */
function webUri(request: SipRequest, flow: Flow): SipUri | undefined {
  if (!isWebSocket(flow)) return undefined;
  const uri = parseUri(request.uri);
  return uri.ok ? uri.value : undefined;
}
