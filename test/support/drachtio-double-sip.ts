/**
 * The SIP side of the double of a drachtio server: enough of a user agent to stand between a hand-written far end and drachtio-srf on loopback.
 * It keeps dialogs and matches transactions; it resends nothing and knows no routes, no TCP and no names.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { type DoubleDialog, DoubleDialogs } from './drachtio-double-dialogs.ts';
import {
  branchOf,
  headerLine,
  hopByHop,
  type Remote,
  received,
  remoteOf,
  typeOf,
} from './drachtio-double-text.ts';
import { headerOf, headersOf } from './hand-peer.ts';

/** A request that came, until its final answer. */
export interface ServerTransaction {
  readonly id: string;
  readonly request: string;
  readonly remote: Remote;
  readonly toTag: string;
  /** Of the dialog that it is in, or would make. */
  readonly dialogId: string;
  final: boolean;
  last: string;
}

interface ClientTransaction {
  readonly id: string;
  readonly dialogId: string;
  readonly request: string;
  readonly remote: Remote;
}

export interface DoubleSipListener {
  /** A new request outside of dialogs; false: no client wants it. */
  initial(transaction: ServerTransaction): boolean;
  inDialog(transaction: ServerTransaction, dialog: DoubleDialog): void;
  ack(text: string, remote: Remote, dialog: DoubleDialog): void;
  cancelled(cancel: string, invite: ServerTransaction): void;
  /** We have sent BYE by ourselves. */
  unsolicited(bye: string, dialog: DoubleDialog): void;
  response(text: string, remote: Remote, transactionId: string, dialogId: string): void;
}

export class DoubleSip {
  readonly port: number;
  readonly dialogs = new DoubleDialogs();
  readonly transactions = new Map<string, ServerTransaction>();
  readonly #socket: Socket;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  listener: DoubleSipListener | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, { address, port }) =>
      this.#received(bytes.toString('utf8'), { address, port }),
    );
  }

  static async open(port = 0): Promise<DoubleSip> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', resolve);
    });
    return new DoubleSip(socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** Answers it; gives the response's text. A 2xx to an INVITE makes the dialog. */
  respond(
    transaction: ServerTransaction,
    startLine: string,
    headers: readonly string[],
    body: string,
  ): string {
    const { request, toTag } = transaction;
    const status = Number(startLine.split(' ')[1]);
    const to = headerOf(request, 'To');
    const makesDialog = headerOf(request, 'CSeq').endsWith('INVITE') && status > 100 && status < 300;
    const text = [
      startLine,
      ...headersOf(request, 'Via').map(
        (via, i) => `Via: ${i === 0 ? received(via, transaction.remote) : via}`,
      ),
      `From: ${headerOf(request, 'From')}`,
      `To: ${to.includes(';tag=') || status === 100 ? to : `${to};tag=${toTag}`}`,
      `Call-ID: ${headerOf(request, 'Call-ID')}`,
      `CSeq: ${headerOf(request, 'CSeq')}`,
      ...(makesDialog ? [`Contact: <sip:127.0.0.1:${this.port}>`] : []),
      ...headers,
      ...typeOf(headers, body),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');
    transaction.last = text;
    transaction.final = status >= 200;
    if (transaction.final) this.transactions.delete(transaction.id);
    if (makesDialog && (status >= 200 || /\r\nrequire: *100rel/i.test(text)))
      this.dialogs.served(transaction, text);
    this.#send(text, transaction.remote);
    return text;
  }

  /** Sends a request outside of dialogs to `next`, or to its Request-URI. */
  outside(
    method: string,
    uri: string,
    next: string,
    headers: readonly string[],
    body: string,
  ): ClientTransaction & { text: string } {
    const own = (name: string) => headerLine(headers, name);
    const from = own('From') ?? `<sip:127.0.0.1:${this.port}>`;
    const cseq = Number.parseInt(own('CSeq') ?? '1', 10);
    const rest = headers.filter((line) => !/^(from|to|call-id|cseq):/i.test(line));
    const text = this.#request(
      method,
      uri,
      [
        `From: ${from.includes(';tag=') ? from : `${from};tag=${randomBytes(6).toString('hex')}`}`,
        `To: ${own('To') ?? `<${uri}>`}`,
        `Call-ID: ${own('Call-ID') ?? randomUUID()}`,
        `CSeq: ${cseq} ${method}`,
        ...(method === 'INVITE' ? [`Contact: <sip:127.0.0.1:${this.port}>`] : []),
        ...rest,
      ],
      body,
    );
    return { ...this.#begin(text, remoteOf(next === '' ? uri : next), randomUUID()), text };
  }

  /** Sends a request in a dialog; ACK has no transaction. */
  inside(
    dialog: DoubleDialog,
    method: string,
    headers: readonly string[],
    body: string,
  ): ClientTransaction & { text: string } {
    const cseq = method === 'ACK' ? dialog.inviteCseq : ++dialog.cseq;
    if (method === 'INVITE') dialog.inviteCseq = cseq;
    const contact =
      method === 'INVITE' || method === 'UPDATE' ? [`Contact: <sip:127.0.0.1:${this.port}>`] : [];
    const text = this.#request(
      method,
      dialog.target,
      [
        `From: ${dialog.local}`,
        `To: ${dialog.remote}`,
        `Call-ID: ${dialog.callId}`,
        `CSeq: ${cseq} ${method}`,
        ...contact,
        ...headers.filter((line) => !/^(from|to|call-id|cseq):/i.test(line)),
      ],
      body,
    );
    return { ...this.#begin(text, remoteOf(dialog.target), dialog.id), text };
  }

  /** Cancels an INVITE of ours; undefined when there is none. */
  cancel(transactionId: string): string | undefined {
    const invite = [...this.#clients.values()].find(({ id }) => id === transactionId);
    if (invite === undefined) return undefined;
    const text = hopByHop(invite.request, 'CANCEL', headerOf(invite.request, 'To'));
    this.#send(text, invite.remote);
    return text;
  }

  /** Ends a dialog by ourselves, as the server does when its timers say so. */
  endDialog(dialog: DoubleDialog, reason: string): void {
    const { text } = this.inside(dialog, 'BYE', [`Reason: ${reason}`], '');
    this.dialogs.delete(dialog.id);
    this.listener?.unsolicited(text, dialog);
  }

  #received(text: string, remote: Remote): void {
    const cseqMethod = headerOf(text, 'CSeq').split(' ')[1] ?? '';
    const branch = branchOf(text);
    if (text.startsWith('SIP/2.0')) {
      this.#responded(text, remote, `${branch} ${cseqMethod}`);
      return;
    }
    const known = this.#servers.get(`${branch} ${cseqMethod}`);
    if (known !== undefined) {
      if (known.last !== '') this.#send(known.last, remote);
    } else if (cseqMethod === 'ACK') this.#acked(text, remote);
    else if (cseqMethod === 'CANCEL') this.#cancelled(text, remote, branch);
    else this.#requested(text, remote, `${branch} ${cseqMethod}`);
  }

  #responded(text: string, remote: Remote, key: string): void {
    const transaction = this.#clients.get(key);
    if (transaction === undefined) return;
    const status = Number(text.split(' ')[1]);
    if (status >= 200) this.#clients.delete(key);
    if (key.endsWith('INVITE') && status >= 300) {
      this.#send(hopByHop(transaction.request, 'ACK', headerOf(text, 'To')), remote);
    }
    const reliable = headerOf(text, 'RSeq') !== '';
    if (key.endsWith('INVITE') && ((status >= 200 && status < 300) || reliable))
      this.dialogs.called(transaction, text);
    this.listener?.response(text, remote, transaction.id, transaction.dialogId);
    // As in the real server: a BYE that is asked for credentials is sent once more, in the same dialog.
    const ended = status >= 200 && status !== 401 && status !== 407;
    if (key.endsWith('BYE') && ended) this.dialogs.delete(transaction.dialogId);
  }

  #acked(text: string, remote: Remote): void {
    const dialog = this.dialogs.of(text);
    if (dialog === undefined) return;
    dialog.awaitsAck = false;
    this.listener?.ack(text, remote, dialog);
  }

  #cancelled(cancel: string, remote: Remote, branch: string): void {
    const invite = this.#servers.get(`${branch} INVITE`);
    const transaction = this.#serve(cancel, remote, `${branch} CANCEL`, '');
    if (invite === undefined || invite.final) {
      this.respond(transaction, 'SIP/2.0 481 Call/Transaction Does Not Exist', [], '');
      const dialog = invite === undefined ? undefined : this.dialogs.get(invite.dialogId);
      if (dialog !== undefined) this.endDialog(dialog, 'SIP ;cause=200 ;text="CANCEL after 200 OK"');
      return;
    }
    this.respond(transaction, 'SIP/2.0 200 OK', [], '');
    this.respond(invite, 'SIP/2.0 487 Request Terminated', [], '');
    this.listener?.cancelled(cancel, invite);
  }

  #requested(text: string, remote: Remote, key: string): void {
    if (!headerOf(text, 'To').includes(';tag=')) {
      const transaction = this.#serve(text, remote, key, randomUUID());
      if (key.endsWith('INVITE')) this.respond(transaction, 'SIP/2.0 100 Trying', [], '');
      if (this.listener?.initial(transaction) !== true) {
        this.respond(transaction, 'SIP/2.0 503 Service Unavailable', [], '');
      }
      return;
    }
    const dialog = this.dialogs.of(text);
    const transaction = this.#serve(text, remote, key, dialog?.id ?? '');
    if (dialog === undefined) {
      this.respond(transaction, 'SIP/2.0 481 Call/Transaction Does Not Exist', [], '');
      return;
    }
    if (key.endsWith(' INVITE')) this.respond(transaction, 'SIP/2.0 100 Trying', [], '');
    if (key.endsWith(' BYE')) this.dialogs.delete(dialog.id);
    this.listener?.inDialog(transaction, dialog);
  }

  #serve(request: string, remote: Remote, key: string, dialogId: string): ServerTransaction {
    const toTag = randomBytes(6).toString('hex');
    const transaction = { id: randomUUID(), request, remote, toTag, dialogId, final: false, last: '' };
    this.#servers.set(key, transaction);
    this.transactions.set(transaction.id, transaction);
    return transaction;
  }

  #request(method: string, uri: string, lines: readonly string[], body: string): string {
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};rport;branch=z9hG4bK${randomBytes(8).toString('hex')}`,
      'Max-Forwards: 70',
      ...lines,
      ...typeOf(lines, body),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');
  }

  #begin(request: string, remote: Remote, dialogId: string): ClientTransaction {
    const method = request.split(' ')[0] ?? '';
    const transaction = { id: randomUUID(), dialogId, request, remote };
    if (method !== 'ACK') this.#clients.set(`${branchOf(request)} ${method}`, transaction);
    this.#send(request, remote);
    return transaction;
  }

  #send(text: string, { port, address }: Remote): void {
    this.#socket.send(text, port, address);
  }
}
