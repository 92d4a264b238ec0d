import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { newBranch } from './raw-sip.ts';

/** One dialog as the hand peer keeps it: both sides' addresses with tags, and the numbers of its own requests. */
export interface HandDialog {
  readonly callId: string;
  readonly local: string;
  /** With the far end's tag, once it is known. */
  remote: string;
  /** Where requests go: the far end's Contact. */
  target: string;
  cseq: number;
}

/** SIP by hand on a UDP socket: no stack, no timers, no retransmission; every message is written and looked at by the test. */
export class HandPeer {
  readonly port: number;
  readonly address: string;
  /** All that came, in its order. */
  readonly received: string[] = [];
  readonly #socket: Socket;
  readonly #to: number;
  #seen = new Set<number>();

  private constructor(socket: Socket, to: number) {
    this.#socket = socket;
    this.#to = to;
    this.port = socket.address().port;
    this.address = socket.address().address;
    socket.on('message', (bytes) => this.received.push(bytes.toString('utf8')));
  }

  /** Speaks to port `to` of 127.0.0.1, from `address`. */
  static async open(to: number, address = '127.0.0.1'): Promise<HandPeer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    return new HandPeer(socket, to);
  }

  close(): void {
    this.#socket.close();
  }

  sendText(text: string): void {
    this.#socket.send(text, this.#to, '127.0.0.1');
  }

  /** The next message that begins with `start` and was not taken yet; the same one resent is passed over. */
  async next(start: string, withinMs = 15_000): Promise<string> {
    const end = performance.now() + withinMs;
    for (;;) {
      const at = this.received.findIndex((text, i) => text.startsWith(start) && !this.#seen.has(i));
      const text = this.received[at];
      if (text !== undefined) {
        this.received.forEach((other, i) => {
          if (other === text) this.#seen.add(i);
        });
        return text;
      }
      if (performance.now() > end) {
        throw new Error(`no "${start}" within ${withinMs} ms; got:\n${this.received.join('\n---\n')}`);
      }
      await sleep(5);
    }
  }

  /** What a new call of this peer begins with. */
  newDialog(user = '+60312345678', called = '+60388880000'): HandDialog {
    return {
      callId: randomBytes(8).toString('hex'),
      local: `"Hand" <sip:${user}@${this.address}>;tag=${randomBytes(4).toString('hex')}`,
      remote: `<sip:${called}@127.0.0.1>`,
      target: `sip:${called}@127.0.0.1:${this.#to}`,
      cseq: 0,
    };
  }

  /** The dialog that an INVITE of theirs makes with our answers to it. */
  dialogOf(invite: string): HandDialog {
    return {
      callId: headerOf(invite, 'Call-ID'),
      local: `${headerOf(invite, 'To')};tag=hand-${headerOf(invite, 'Call-ID').slice(0, 6)}`,
      remote: headerOf(invite, 'From'),
      target: /<([^>]+)>/.exec(headerOf(invite, 'Contact'))?.[1] ?? '',
      cseq: 100,
    };
  }

  /** Sends a request in `dialog`; gives its branch. CANCEL and ACK of a failure are given their INVITE's. */
  request(
    method: string,
    dialog: HandDialog,
    parts: {
      readonly headers?: readonly string[];
      readonly body?: string;
      readonly type?: string;
      readonly branch?: string;
      readonly cseq?: number;
      readonly contact?: string;
    } = {},
  ): string {
    const {
      headers = [],
      body = '',
      type = 'application/sdp',
      branch = newBranch(),
      contact = this.#contact(),
    } = parts;
    const cseq = parts.cseq ?? ++dialog.cseq;
    this.sendText(
      [
        `${method} ${dialog.target} SIP/2.0`,
        `Via: SIP/2.0/UDP ${this.address}:${this.port};rport;branch=${branch}`,
        'Max-Forwards: 70',
        `From: ${dialog.local}`,
        `To: ${dialog.remote}`,
        `Call-ID: ${dialog.callId}`,
        `CSeq: ${cseq} ${method}`,
        ...(method === 'BYE' || method === 'CANCEL' ? [] : [contact]),
        ...headers,
        ...(body === '' ? [] : [`Content-Type: ${type}`]),
        `Content-Length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
    return branch;
  }

  /** Learns the far end's tag and Contact from its answer. */
  answered(dialog: HandDialog, response: string): void {
    dialog.remote = headerOf(response, 'To');
    dialog.target = /<([^>]+)>/.exec(headerOf(response, 'Contact'))?.[1] ?? dialog.target;
  }

  /** Answers a request of theirs, with `dialog`'s tag. */
  respond(
    request: string,
    status: string,
    parts: {
      readonly dialog?: HandDialog | undefined;
      readonly headers?: readonly string[];
      readonly body?: string;
    } = {},
  ): void {
    const { dialog, headers = [], body = '' } = parts;
    const to = headerOf(request, 'To');
    const tagged = to.includes(';tag=') ? to : (dialog?.local ?? `${to};tag=hand`);
    this.sendText(
      [
        `SIP/2.0 ${status}`,
        ...headersOf(request, 'Via').map((via) => `Via: ${via}`),
        `From: ${headerOf(request, 'From')}`,
        `To: ${tagged}`,
        `Call-ID: ${headerOf(request, 'Call-ID')}`,
        `CSeq: ${headerOf(request, 'CSeq')}`,
        this.#contact(),
        ...headers,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
        `Content-Length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
  }

  #contact(): string {
    return `Contact: <sip:hand@${this.address}:${this.port}>`;
  }
}

/** First value of a header line, long name in any case; empty when there is none. */
export function headerOf(text: string, name: string): string {
  return headersOf(text, name)[0] ?? '';
}

/** Values of all lines of a header. */
export function headersOf(text: string, name: string): string[] {
  const head = text.split('\r\n\r\n', 1)[0] ?? '';
  return head
    .split('\r\n')
    .slice(1)
    .filter((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase() === name.toLowerCase())
    .map((line) => line.slice(line.indexOf(':') + 1).trim());
}

/** What follows the empty line. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}
