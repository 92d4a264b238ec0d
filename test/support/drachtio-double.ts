/**
 * A double of the drachtio server: its protocol towards applications, `<bytes>#<id>|<verb>|...`, as its source has it, with a plain SIP side
 * (`drachtio-double-sip.ts`). drachtio-srf itself runs against it. It is for CI, where no real server can be had; what the real one does is
 * asked by `test/interop/drachtio.test.ts`.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { DoubleDialog } from './drachtio-double-dialogs.ts';
import { DoubleSip, type ServerTransaction } from './drachtio-double-sip.ts';
import { partsOf, type Remote } from './drachtio-double-text.ts';
import { headerOf } from './hand-peer.ts';

export const DOUBLE_SECRET = 'of-the-double';

interface Client {
  readonly socket: Socket;
  readonly verbs: Set<string>;
  authenticated: boolean;
  bytes: Buffer;
}

export class DrachtioDouble {
  readonly sip: DoubleSip;
  /** What clients have said, one line each: verb and first line of the message. */
  readonly log: string[] = [];
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  /** The client that a dialog or a transaction belongs to: gone with its connection. */
  readonly #owners = new Map<string, Client>();

  private constructor(sip: DoubleSip, server: Server) {
    this.sip = sip;
    this.#server = server;
    server.on('connection', (socket) => this.#connected(socket));
    sip.listener = {
      initial: (transaction) => this.#initial(transaction),
      inDialog: (transaction, dialog) => this.#inDialog(transaction, dialog),
      ack: (text, remote, dialog) => this.#tellOwner(dialog.id, text, remote, randomUUID(), dialog.id),
      cancelled: (cancel, invite) =>
        this.#tellOwner(invite.id, cancel, invite.remote, invite.id, invite.dialogId),
      unsolicited: (bye, dialog) =>
        this.#tellOwner(
          dialog.id,
          bye,
          { address: '127.0.0.1', port: sip.port },
          'unsolicited',
          dialog.id,
          'application',
        ),
      response: (text, remote, transactionId, dialogId) =>
        this.#tellOwner(transactionId, text, remote, transactionId, dialogId),
    };
  }

  static async open(
    ports: { readonly port?: number; readonly sipPort?: number } = {},
  ): Promise<DrachtioDouble> {
    const sip = await DoubleSip.open(ports.sipPort);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ports.port ?? 0, '127.0.0.1', resolve);
    });
    return new DrachtioDouble(sip, server);
  }

  /** TCP port of applications. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Breaks all applications' connections; the SIP side stays as it is. */
  disconnect(): void {
    for (const { socket } of this.#clients) socket.destroy();
  }

  /** Writes bytes of the test's own to all applications. */
  write(bytes: string): void {
    for (const { socket } of this.#clients) socket.write(bytes);
  }

  async stop(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
    this.sip.close();
  }

  #connected(socket: Socket): void {
    const client: Client = { socket, verbs: new Set(), authenticated: false, bytes: Buffer.alloc(0) };
    this.#clients.add(client);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#clients.delete(client);
      for (const [id, owner] of this.#owners) if (owner === client) this.#owners.delete(id);
    });
    socket.on('data', (bytes) => {
      client.bytes = Buffer.concat([client.bytes, bytes]);
      for (;;) {
        const hash = client.bytes.indexOf('#');
        if (hash < 0) return;
        const length = Number(client.bytes.toString('latin1', 0, hash));
        if (client.bytes.length < hash + 1 + length) return;
        const message = client.bytes.toString('utf8', hash + 1, hash + 1 + length);
        client.bytes = client.bytes.subarray(hash + 1 + length);
        this.#said(client, message);
      }
    });
  }

  #said(client: Client, message: string): void {
    const end = message.indexOf('\r\n');
    const [id = '', verb = '', ...tokens] = (end < 0 ? message : message.slice(0, end)).split('|');
    const text = end < 0 ? '' : message.slice(end + 2);
    this.log.push(`${verb} ${text.split('\r\n')[0]}`.trim());
    if (verb === 'authenticate') this.#authenticate(client, id, tokens[0] ?? '');
    else if (!client.authenticated) client.socket.destroy();
    else if (verb === 'route') {
      client.verbs.add(tokens[0] ?? '');
      reply(client, id, 'OK');
    } else if (verb === 'ping') reply(client, id, 'OK|pong');
    else if (verb === 'sip') this.#sip(client, id, tokens, text);
    else reply(client, id, 'NO|Unknown message type');
  }

  #authenticate(client: Client, id: string, secret: string): void {
    client.authenticated = secret === DOUBLE_SECRET;
    if (client.authenticated) {
      reply(client, id, `OK|udp/127.0.0.1:${this.sip.port}|v0.9.5-double|udp/127.0.0.1:${this.sip.port}`);
    } else {
      reply(client, id, 'NO|incorrect secret');
      client.socket.end();
    }
  }

  #sip(
    client: Client,
    id: string,
    [transactionId = '', dialogId = '', route = '']: string[],
    text: string,
  ): void {
    const { startLine, headers, body } = partsOf(
      text.replaceAll('@localhost', `@127.0.0.1:${this.sip.port}`),
    );
    const [method = '', uri = ''] = startLine.split(' ');
    if (startLine.startsWith('SIP/2.0')) this.#respond(client, id, transactionId, text);
    else if (dialogId !== '') {
      const dialog = this.sip.dialogs.get(dialogId);
      if (dialog === undefined) reply(client, id, 'NOK|unable to find dialog for dialog id provided');
      else this.#sent(client, id, this.sip.inside(dialog, method, headers, body));
    } else if (method === 'CANCEL') {
      const cancel = this.sip.cancel(transactionId);
      if (cancel === undefined) reply(client, id, 'NOK|unable to cancel unknown transaction id');
      else reply(client, id, `OK|${meta('application', cancel)}|${randomUUID()}|Msg sent:|`, cancel);
    } else if (!/^sips?:/.test(uri)) reply(client, id, `NOK|invalid request-uri: ${startLine}`);
    else this.#sent(client, id, this.sip.outside(method, uri, route, headers, body));
  }

  #respond(client: Client, id: string, transactionId: string, text: string): void {
    const transaction = this.sip.transactions.get(transactionId);
    if (transaction === undefined) {
      reply(client, id, 'NOK|Response not sent due to unknown transaction');
      return;
    }
    const { startLine, headers, body } = partsOf(text);
    const own = headers
      .filter((line) => !/^(from|to|call-id|cseq|via|contact):/i.test(line))
      .map((line) => line.replaceAll('@localhost', `@127.0.0.1:${this.sip.port}`));
    const sent = this.sip.respond(transaction, startLine, own, body);
    this.#owners.set(transaction.dialogId, client);
    if (transaction.final) this.#owners.delete(transactionId);
    const parts = `${meta('application', sent)}|${transactionId}|${transaction.dialogId}||Msg sent:|`;
    reply(client, id, `OK|${parts}`, sent);
  }

  #sent(
    client: Client,
    id: string,
    request: { readonly id: string; readonly dialogId: string; readonly text: string },
  ): void {
    this.#owners.set(request.id, client);
    // A dialog stays with the client that made it, whoever speaks in it.
    if (!this.sip.dialogs.has(request.dialogId)) this.#owners.set(request.dialogId, client);
    reply(client, id, `OK|${meta('application', request.text)}|${request.id}|Msg sent:|`, request.text);
  }

  #initial(transaction: ServerTransaction): boolean {
    const method = transaction.request.split(' ')[0]?.toLowerCase() ?? '';
    const client = [...this.#clients].find(({ verbs }) => verbs.has(method));
    if (client === undefined) return false;
    this.#owners.set(transaction.id, client);
    const { request, remote, id } = transaction;
    tell(client, `sip|${meta('network', request, remote)}|${id}||127.0.0.1|${this.sip.port}|`, request);
    return true;
  }

  /** A dialog whose application is gone gets 481, and the application that comes back is told nothing. */
  #inDialog(transaction: ServerTransaction, dialog: DoubleDialog): void {
    const { request, remote, id } = transaction;
    if (this.#owners.has(dialog.id)) this.#tellOwner(dialog.id, request, remote, id, dialog.id);
    else if (headerOf(request, 'CSeq').endsWith(' BYE')) {
      this.sip.respond(transaction, 'SIP/2.0 481 Call/Transaction Does Not Exist', [], '');
    }
  }

  #tellOwner(
    owner: string,
    text: string,
    remote: Remote,
    transactionId: string,
    dialogId: string,
    source: 'network' | 'application' = 'network',
  ): void {
    const client = this.#owners.get(owner) ?? this.#owners.get(dialogId);
    if (client === undefined) return;
    tell(client, `sip|${meta(source, text, remote)}|${transactionId}|${dialogId}|`, text);
  }
}

/** Where a message came from or went to, as the server writes it. */
function meta(
  source: string,
  text: string,
  { address, port }: Remote = { address: '127.0.0.1', port: 0 },
): string {
  return `${source}|${Buffer.byteLength(text)}|udp|${address}|${port}|10:00:00.000000`;
}

function reply(client: Client, to: string, what: string, text?: string): void {
  tell(client, `response|${to}|${what}`, text);
}

function tell({ socket }: Client, what: string, text?: string): void {
  const message = `${randomUUID()}|${what}${text === undefined ? '' : `\r\n${text}`}`;
  socket.write(`${Buffer.byteLength(message)}#${message}`);
}
