import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A UDP socket that sends any bytes to one port of this machine and keeps what comes back: no SIP stack at all. */
export class RawUdp {
  readonly received: string[] = [];
  readonly localPort: number;
  readonly #socket: Socket;
  readonly #port: number;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    this.localPort = socket.address().port;
    socket.on('message', (bytes) => this.received.push(bytes.toString('latin1')));
  }

  /** `localAddress`: another of the 127.0.0.0/8 addresses, to look like another host. */
  static async open(port: number, localAddress = '127.0.0.1'): Promise<RawUdp> {
    const socket = createSocket(localAddress.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, localAddress, resolve);
    });
    return new RawUdp(socket, port);
  }

  send(bytes: string | Uint8Array): void {
    const isV6 = this.#socket.address().family === 'IPv6';
    this.#socket.send(bytes, this.#port, isV6 ? '::1' : '127.0.0.1');
  }

  /** Waits for a message that begins with `start`. */
  async expect(start: string, withinMs = 15_000): Promise<string> {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = this.received.find((text) => text.startsWith(start));
      if (found !== undefined) return found;
      if (performance.now() > end) {
        throw new Error(`no "${start}" within ${withinMs} ms; got:\n${this.received.join('\n---\n')}`);
      }
      await sleep(20);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

export interface RawRequest {
  readonly method: string;
  readonly user: string;
  readonly port: number;
  readonly localPort: number;
  readonly branch?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly toTag?: string;
  readonly transport?: 'UDP' | 'TCP';
  readonly body?: string;
  readonly headers?: readonly string[];
}

/** A request as text, right in form; give `branch` and `callId` to send it again, or its ACK or CANCEL. */
export function rawRequest(request: RawRequest): string {
  const body = request.body ?? '';
  const callId = request.callId ?? randomBytes(8).toString('hex');
  const toTag = request.toTag === undefined ? '' : `;tag=${request.toTag}`;
  return [
    `${request.method} sip:${request.user}@127.0.0.1:${request.port} SIP/2.0`,
    `Via: SIP/2.0/${request.transport ?? 'UDP'} 127.0.0.1:${request.localPort};rport;branch=${request.branch ?? newBranch()}`,
    'Max-Forwards: 70',
    `From: <sip:+60312345678@127.0.0.1>;tag=${callId}-from`,
    `To: <sip:${request.user}@127.0.0.1>${toTag}`,
    `Call-ID: ${callId}`,
    `CSeq: ${request.cseq ?? 1} ${request.method}`,
    `Contact: <sip:test@127.0.0.1:${request.localPort}>`,
    ...(request.headers ?? []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** An RFC 3261 branch that nobody used. */
export function newBranch(): string {
  return `z9hG4bK${randomBytes(8).toString('hex')}`;
}

/** An offer of A-law and telephone-event to `port`. */
export function rawOffer(port: number): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 8 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** Writes `bytes` to a TCP port and gives what came back until it was enough, it was closed, or `forMs` passed. */
export function tcpExchange(
  port: number,
  bytes: string | Uint8Array,
  forMs: number,
  isEnough: (answer: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(port, '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(), forMs);
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      if (isEnough(answer)) socket.destroy();
    });
    socket.once('connect', () => socket.write(bytes));
    socket.once('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
