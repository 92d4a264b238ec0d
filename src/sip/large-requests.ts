/**
 * Requests that a datagram might not carry whole go over TCP, and over UDP after all when nobody listens there (RFC 3261
 * section 18.1.1): otherwise they would be cut into fragments, which firewalls drop, or congest what they cross.
 */
import { concat, fromUtf8, utf8 } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import { formatHostPort } from '../base/net.ts';
import type { ClientListener, ClientRequest } from './core.ts';
import type { Flow, NextHop } from './ports.ts';

/** The path's MTU is not known: above this many bytes UDP is not to be used. */
const LARGEST_DATAGRAM = 1300;
/** How long a peer that refused TCP is not asked again. */
const REMEMBER: Millis = 600_000;
const MAX_REMEMBERED = 1024;

export interface LargeRequestsHost {
  now(): Millis;
  openFlow(next: NextHop): Flow | undefined;
  /** Starts a transaction (`client-table.ts`). */
  start(request: ClientRequest, listener: ClientListener): void;
}

export class LargeRequests {
  readonly #host: LargeRequestsHost;
  /** Where INVITEs went over TCP that live, by branch: their CANCEL must go the same way (section 9.1). */
  readonly #moved = new Map<string, Flow>();
  /** Peers without TCP, and until when that is believed. */
  readonly #refused = new Map<string, Millis>();

  constructor(host: LargeRequestsHost) {
    this.#host = host;
  }

  /** Starts a transaction by the way that fits the request's size. */
  start(request: ClientRequest, listener: ClientListener): void {
    const invite = request.method === 'CANCEL' ? this.#moved.get(request.branch) : undefined;
    const flow = invite ?? this.#flowFor(request);
    if (flow === undefined) this.#host.start(request, listener);
    else this.#overTcp(request, listener, flow);
  }

  #flowFor({ bytes, flow }: ClientRequest): Flow | undefined {
    if (flow.transport !== 'udp' || bytes.length <= LARGEST_DATAGRAM) return undefined;
    const { remote } = flow;
    if ((this.#refused.get(formatHostPort(remote)) ?? 0) > this.#host.now()) return undefined;
    return this.#host.openFlow({ transport: 'tcp', remote });
  }

  #overTcp(request: ClientRequest, listener: ClientListener, flow: Flow): void {
    const { ack, bytes, branch, method } = request;
    let answered = false;
    let failed: 'timeout' | 'transport-error' | undefined;
    if (method === 'INVITE') this.#moved.set(branch, flow);
    const moved = {
      ...request,
      flow,
      bytes: withTcpVia(bytes),
      ...(ack === undefined
        ? {}
        : { ack: (...response: Parameters<typeof ack>) => withTcpVia(ack(...response)) }),
    };
    this.#host.start(moved, {
      response: (response) => {
        answered = true;
        listener.response(response);
      },
      failed: (why) => {
        failed = why;
        if (answered || why === 'timeout') listener.failed(why);
      },
      over: () => {
        if (method === 'INVITE') this.#moved.delete(branch);
        // Only now may the branch be used again.
        if (failed === 'transport-error' && !answered) {
          this.#remember(request.flow);
          this.#host.start(request, listener);
        } else listener.over?.();
      },
    });
  }

  #remember({ remote }: Flow): void {
    if (this.#refused.size >= MAX_REMEMBERED) this.#refused.clear();
    this.#refused.set(formatHostPort(remote), this.#host.now() + REMEMBER);
  }
}

const UDP_VIA = 'Via: SIP/2.0/UDP ';

/** The same message with `TCP` in its topmost Via (section 18.1.1). Our own requests have it in their second line. */
function withTcpVia(bytes: Uint8Array): Uint8Array {
  const at = bytes.indexOf(10) + 1;
  const end = at + UDP_VIA.length;
  if (fromUtf8(bytes.subarray(at, end)) !== UDP_VIA) throw new Error('a request of ours without its Via');
  return concat([bytes.subarray(0, at), utf8('Via: SIP/2.0/TCP '), bytes.subarray(end)]);
}
