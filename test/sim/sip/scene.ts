/**
 * A SIP endpoint in virtual time with a far end that does exactly what a test says, and a ladder of all that passed:
 *
 *     0 > INVITE 1        the far end sent it, at 0 ms
 *     0 < 100 INVITE      we sent it
 *     0 * invite          the application heard it
 */
import { expect } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { DroppedEvent } from '../../../src/sip/drop-counter.ts';
import { SipEndpoint, type SipEndpointOptions } from '../../../src/sip/endpoint.ts';
import type { SipMessage } from '../../../src/sip/message.ts';
import { parseMessage } from '../../../src/sip/parse-message.ts';
import type {
  CallHandler,
  Flow,
  IncomingInvite,
  OutgoingHandler,
  OutgoingInvite,
  OutgoingOptions,
  SipEnd,
  SipTransport,
} from '../../../src/sip/ports.ts';

export const OFFER = utf8('v=0\r\no=far 1 1 IN IP4 192.0.2.10\r\ns=-\r\n');
export const ANSWER = utf8('v=0\r\no=near 1 1 IN IP4 192.0.2.1\r\ns=-\r\n');

export function flowFrom(address: string, port = 5060, transport: SipTransport = 'udp'): Flow {
  return { transport, local: { address: '192.0.2.1', port: 5060 }, remote: { address, port } };
}

export interface SendOptions {
  branch?: string;
  cseq?: number;
  callId?: string;
  toTag?: string;
  fromTag?: string;
  uri?: string;
  headers?: string[];
  body?: Uint8Array;
  flow?: Flow;
}

export class Scene {
  now = 0;
  readonly queue = new WakeQueue();
  readonly endpoint: SipEndpoint;
  /** How long what comes has waited to be taken, ms. */
  waited = 0;
  readonly flow: Flow;
  readonly sent: { message: SipMessage; bytes: Uint8Array; flow: Flow; at: number }[] = [];
  readonly dropped: DroppedEvent[] = [];
  readonly faults: unknown[] = [];
  readonly invites: IncomingInvite[] = [];
  readonly #lines: string[] = [];
  #read = 0;
  #seed = 1;

  constructor(options: Partial<SipEndpointOptions> & { flow?: Flow } = {}) {
    const { flow, ...rest } = options;
    this.flow = flow ?? flowFrom('192.0.2.10');
    const u32 = () => {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
      return this.#seed;
    };
    this.endpoint = new SipEndpoint({
      clock: { now: () => this.now },
      timers: this.queue,
      random: { u32, bytes: (length) => Uint8Array.from({ length }, () => u32() >>> 24) },
      send: (bytes, to) => this.#sent(bytes, to),
      admission: () => 'admit',
      emit: (event) => this.dropped.push(event),
      userAgent: 'test',
      contact: (on) => on.local,
      openFlow: ({ transport, remote }) => flowFrom(remote.address, remote.port, transport),
      onFault: (error) => this.faults.push(error),
      ...rest,
    });
    this.endpoint.onInvite = (invite) => {
      this.note('invite');
      this.invites.push(invite);
      invite.handler = this.handler();
    };
  }

  /** Writes a line of the application's. */
  note(text: string): void {
    this.#lines.push(`${this.now} * ${text}`);
  }

  /** Notes all that it hears. */
  handler(overrides: Partial<CallHandler> = {}): CallHandler {
    return {
      confirmed: (answer) => this.note(answer === undefined ? 'confirmed' : 'confirmed with answer'),
      reoffered: (request, offer) =>
        this.note(`${request.method} reoffered${offer === undefined ? ' nothing' : ''}`),
      requested: (request) => {
        this.note(`requested ${request.method}`);
        return 200;
      },
      ended: (end) => this.note(`ended ${describe(end)}`),
      ...overrides,
    };
  }

  outgoingHandler(): OutgoingHandler {
    return {
      ...this.handler(),
      progressed: (status) => this.note(`progressed ${status}`),
      answered: () => this.note('answered'),
    };
  }

  /** A call of ours to the far end, with what a test changes. */
  dial(change: Partial<OutgoingOptions> = {}, handler: Partial<OutgoingHandler> = {}): OutgoingInvite {
    return this.endpoint.invite(
      {
        to: 'sip:100@192.0.2.10',
        from: '<sip:600@192.0.2.1>',
        next: { transport: 'udp', remote: { address: '192.0.2.10', port: 5060 } },
        sdp: OFFER,
        ...change,
      },
      { ...this.outgoingHandler(), ...handler },
    );
  }

  /** The far end sends a request. */
  send(method: string, options: SendOptions = {}): void {
    const cseq = options.cseq ?? 1;
    const body = options.body ?? new Uint8Array(0);
    const flow = options.flow ?? this.flow;
    const lines = [
      `${method} ${options.uri ?? 'sip:600@192.0.2.1'} SIP/2.0`,
      `Via: SIP/2.0/${flow.transport.toUpperCase()} 192.0.2.10;branch=z9hG4bK${options.branch ?? `${method}${cseq}`}`,
      'Max-Forwards: 70',
      `From: "Far" <sip:100@192.0.2.10>;tag=${options.fromTag ?? 'far'}`,
      `To: <sip:600@192.0.2.1>${options.toTag === undefined ? '' : `;tag=${options.toTag}`}`,
      `Call-ID: ${options.callId ?? 'call-1'}`,
      `CSeq: ${cseq} ${method}`,
      ...(options.headers ?? ['Contact: <sip:100@192.0.2.10>']),
      ...(body.length > 0 ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ];
    this.#lines.push(`${this.now} > ${method} ${cseq}`);
    this.raw(`${lines.join('\r\n')}\r\n\r\n${new TextDecoder().decode(body)}`, flow);
  }

  /** The far end answers the last request of ours with that method. */
  respond(
    status: number,
    method: string,
    options: { toTag?: string; body?: Uint8Array; headers?: string[] } = {},
  ): void {
    const asked = this.sent
      .filter(({ message }) => message.kind === 'request' && message.method === method)
      .at(-1);
    if (asked === undefined) throw new Error(`no ${method} was sent`);
    const { headers } = asked.message;
    const body = options.body ?? new Uint8Array(0);
    const to = headers.get('to')!;
    const lines = [
      `SIP/2.0 ${status} Phrase`,
      `Via: ${headers.get('via')}`,
      `From: ${headers.get('from')}`,
      `To: ${to}${status === 100 || to.includes('tag=') ? '' : `;tag=${options.toTag ?? 'far'}`}`,
      `Call-ID: ${headers.get('call-id')}`,
      `CSeq: ${headers.get('cseq')}`,
      'Contact: <sip:100@192.0.2.10>',
      ...(options.headers ?? []),
      ...(body.length > 0 ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ];
    this.#lines.push(`${this.now} > ${status} ${method}`);
    this.raw(`${lines.join('\r\n')}\r\n\r\n${new TextDecoder().decode(body)}`, asked.flow);
  }

  raw(text: string, flow: Flow = this.flow): void {
    this.endpoint.receive(utf8(text), flow, this.now - this.waited);
  }

  /** Lets time pass, ringing each alarm at its own moment. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let next = this.queue.next(); next <= end; next = this.queue.next()) {
      this.now = Math.max(this.now, next);
      this.queue.run(this.now);
    }
    this.now = end;
  }

  /** The To tag that we gave to the last INVITE of the far end. */
  get ourTag(): string {
    const tagged = this.sent.filter(
      ({ message }) => message.kind === 'response' && message.to.params.has('tag'),
    );
    return tagged.at(-1)?.message.to.params.get('tag') ?? '';
  }

  /** The last message that we sent. */
  get last(): SipMessage {
    return this.sent.at(-1)!.message;
  }

  /** INVITE with an offer, 200 and ACK: the ladder is not kept. */
  establish(): ReturnType<IncomingInvite['accept']> {
    this.send('INVITE', { body: OFFER });
    const call = this.invites.at(-1)!.accept(ANSWER);
    this.send('ACK', { toTag: this.ourTag, branch: 'ack1' });
    this.#read = this.#lines.length;
    return call;
  }

  /** The lines since the last check or call of this. */
  ladder(): string[] {
    const lines = this.#lines.slice(this.#read);
    this.#read = this.#lines.length;
    return lines;
  }

  /** What passed since the last check is exactly this, line by line; margins and empty lines do not count. */
  check(ladder: string): void {
    const wanted = ladder.split('\n').map((line) => line.trim());
    expect(this.ladder()).toEqual(wanted.filter((line) => line !== ''));
  }

  /** After all timers have run out: no transaction, no dialog, no alarm. And no fault on the way. */
  checkNothingLeft(): void {
    this.run(200_000);
    expect(this.endpoint.gauges()).toMatchObject({ calls: 0, transactions: 0 });
    expect(this.queue.size).toBe(0);
    expect(this.faults).toEqual([]);
  }

  /** Reasons and counts of what was dropped. */
  drops(): Record<string, number> {
    this.run(1000);
    const sums: Record<string, number> = {};
    for (const { reason, count } of this.dropped) sums[reason] = (sums[reason] ?? 0) + count;
    return sums;
  }

  #sent(bytes: Uint8Array, flow: Flow): void {
    const parsed = parseMessage(bytes);
    if (!parsed.ok) {
      // An answer gives back the request's To and Via as they were, and so may be as bad as they.
      this.#lines.push(`${this.now} < ${fromUtf8(bytes.subarray(8, 11))} to what is malformed`);
      return;
    }
    const message = parsed.value;
    this.sent.push({ message, bytes, flow, at: this.now });
    const what =
      message.kind === 'request'
        ? `${message.method} ${message.cseq.number}`
        : `${message.status} ${message.cseq.method}`;
    this.#lines.push(`${this.now} < ${what}`);
  }
}

function describe(end: SipEnd): string {
  if (end.by === 'rejected') return `rejected ${end.status}`;
  return end.by;
}
