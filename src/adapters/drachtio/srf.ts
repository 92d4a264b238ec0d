/** One connection to a drachtio server: the only place that knows the package drachtio-srf. */
import type { Socket } from 'node:net';
import Srf from 'drachtio-srf';
import { fromUtf8 } from '../../base/bytes.ts';
import type { HostPort } from '../../base/net.ts';
import { safeExtras } from '../../sip/message.ts';
import type { ExtraHeaders, Flow, SipTransport } from '../../sip/ports.ts';
import { reasonPhrase } from '../../sip/status.ts';
import { parseHostPort } from '../../sip/uri.ts';
import type { SrfAnswer, SrfClient, SrfHeaders, SrfRequest, SrfResponse } from './srf-types.ts';

/** Methods that the server shall hand over outside of dialogs; to others it answers by itself. */
const METHODS = ['invite', 'options', 'register', 'message', 'subscribe', 'publish', 'notify', 'info'];

/** A request that came through the server, in a dialog or not. */
export interface ServedRequest {
  readonly method: string;
  /** The whole message. */
  readonly text: string;
  /** The server's name for the dialog; empty outside of one. */
  readonly dialogId: string;
  /** The server sent it in our name, unasked: it ended the dialog. */
  readonly unsolicited: boolean;
  readonly flow: Flow;
  /** `done` gets the response as it went out, or undefined when it could not be sent. */
  respond(
    status: number,
    parts?: { readonly headers?: ExtraHeaders | undefined; readonly body?: Uint8Array | undefined },
    done?: (sent: SentResponse | undefined) => void,
  ): void;
  /** Calls `cancelled` with the CANCEL of this INVITE, which the server has answered. */
  onCancel(cancelled: (text: string) => void): void;
  /** Leaves it without an answer. */
  forget(callId: string): void;
}

/** A response of ours as it went out. */
export interface SentResponse {
  readonly text: string;
  readonly dialogId: string;
}

/** A request of ours to be sent. Without `dialogId` it needs `uri` and `next`. */
export interface OwnRequest {
  readonly method: string;
  readonly uri?: string | undefined;
  readonly dialogId?: string | undefined;
  readonly next?: string | undefined;
  readonly headers: ExtraHeaders;
  readonly body?: Uint8Array | undefined;
}

/** A request of ours as it went out. */
export interface SentRequest {
  readonly text: string;
  cancel(): void;
}

export interface OwnRequestListener {
  sent?(request: SentRequest): void;
  /** Provisional and final. */
  response(response: ServedResponse): void;
  /** It did not go out. `dialog-gone`: the server has no such dialog any more. */
  failed(why: 'dialog-gone' | 'not-sent', detail: string): void;
}

export interface ServedResponse {
  readonly status: number;
  readonly text: string;
  readonly dialogId: string;
  /** Where it came from; empty when the server made it up itself. */
  readonly source: string;
  /** Sends the ACK of a 2xx or the PRACK of a reliable provisional response. */
  acknowledge(body?: Uint8Array): void;
}

export interface ConnectionListener {
  /** The server took the secret. */
  ready(version: string): void;
  request(request: ServedRequest): void;
  /** Once, however it ended. */
  closed(why: string): void;
  /** Each message that went out, and each response that came. */
  observe(way: 'in' | 'out', text: string, flow: Flow): void;
  fault(error: unknown): void;
}

export class DrachtioConnection {
  readonly #listener: ConnectionListener;
  readonly #srf: SrfClient;
  #socket: Socket | undefined;
  #why = 'closed by the server';
  #over = false;
  /** The server's SIP address, where a message does not say which one it came by. */
  #local: HostPort = { address: '', port: 0 };

  /** Connects once. The package's own attempts to connect again are off: after a wrong secret they come without a pause. */
  constructor(
    server: { readonly host: string; readonly port: number; readonly secret: string },
    listener: ConnectionListener,
  ) {
    this.#listener = listener;
    const srf = new Srf() as unknown as SrfClient;
    this.#srf = srf;
    for (const method of METHODS) srf.use(method, (_request, _response, next) => next());
    srf.use((request, response) => this.#guard(() => listener.request(this.#served(request, response))));
    srf.on('error', (error) => {
      this.#why = error instanceof Error ? error.message : String(error);
    });
    srf.on('close', () => this.#closed());
    srf.on('connect', (error, hostPorts, version) => {
      this.#local = addressOf(hostPorts);
      if (error === null) this.#guard(() => listener.ready(version));
      else this.close('the server refuses the secret');
    });
    srf.connect({ ...server, reconnect: { maxAttempts: 1 } });
    srf.app.client.wp.on('connect', (socket) => this.#opened(socket));
  }

  send(request: OwnRequest, listener: OwnRequestListener): void {
    const { method, uri, dialogId, next, headers, body } = request;
    const options = {
      method,
      headers: headersOf(headers),
      ...(uri === undefined ? {} : { uri }),
      ...(dialogId === undefined ? {} : { stackDialogId: dialogId }),
      ...(next === undefined ? {} : { proxy: next }),
      ...(body === undefined || body.length === 0 ? {} : { body: fromUtf8(body) }),
    };
    try {
      this.#srf.app.client.request(options, (error, sent) => {
        this.#guard(() => {
          if (sent === undefined) failed(error, listener);
          else this.#sent(sent, listener);
        });
      });
    } catch (error) {
      failed(error, listener);
    }
  }

  /** Closes it; `closed` is called with `why`. */
  close(why: string): void {
    this.#why = why;
    if (this.#socket === undefined) this.#closed();
    else this.#socket.destroy();
  }

  /** What the package throws at bytes that are no message of drachtio's would end the process: it ends the connection. */
  #opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#over) {
      socket.destroy();
      return;
    }
    const readers = socket.listeners('data') as ((bytes: Buffer) => void)[];
    socket.removeAllListeners('data');
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const read of readers) read(bytes);
      } catch (error) {
        this.close(
          `what came is not drachtio's: ${error instanceof Error ? error.message.slice(0, 80) : ''}`,
        );
      }
    });
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#guard(() => this.#listener.closed(this.#why));
  }

  #served(request: SrfRequest, response: SrfResponse): ServedRequest {
    request.on('update', (update, answer) => {
      this.#guard(() => this.#listener.request(this.#served(update, answer)));
    });
    const flow = this.#flowOf(request);
    return {
      method: request.method,
      text: request.raw,
      dialogId: request.stackDialogId ?? '',
      unsolicited: request.source === 'application',
      flow,
      respond: (status, parts = {}, done = () => {}) => {
        const { headers = [], body } = parts;
        const sent = (error: unknown, message: { readonly raw: string } | undefined) => {
          const dialogId = response.stackDialogId ?? '';
          if (message !== undefined) this.#listener.observe('out', message.raw, flow);
          this.#guard(() =>
            done(error || message === undefined ? undefined : { text: message.raw, dialogId }),
          );
        };
        const message = {
          headers: headersOf(headers),
          ...(body === undefined ? {} : { body: fromUtf8(body) }),
        };
        this.#guard(() => respond(response, status, message, sent));
      },
      onCancel: (cancelled) => request.on('cancel', ({ raw }) => this.#guard(() => cancelled(raw))),
      forget: (callId) => {
        this.#srf.app.client.mapServer.get(request.socket)?.pendingNetworkInvites.delete(callId);
      },
    };
  }

  #sent(request: SrfRequest, listener: OwnRequestListener): void {
    this.#listener.observe('out', request.raw, this.#flowOf(request));
    request.on('response', (response, acknowledge) => {
      this.#guard(() => {
        this.#listener.observe('in', response.raw, this.#flowOf(response));
        listener.response({
          ...answerOf(response),
          acknowledge: (body) =>
            this.#guard(() => acknowledge(body === undefined ? {} : { body: fromUtf8(body) })),
        });
      });
    });
    // The package gives an UPDATE to any request of ours under way with its Call-ID.
    request.on('update', (update, answer) => {
      this.#guard(() => this.#listener.request(this.#served(update, answer)));
    });
    const cancel = () => this.#guard(() => request.cancel({ headers: {} }, () => {}));
    listener.sent?.({ text: request.raw, cancel });
  }

  #flowOf(message: SrfRequest | SrfAnswer): Flow {
    const { protocol = 'udp', source_address = '', source_port = 0 } = message;
    const cameTo = 'receivedOn' in message ? parseHostPort(message.receivedOn ?? '') : undefined;
    return {
      transport: transportOf(protocol),
      local: cameTo === undefined ? this.#local : { address: cameTo.host, port: cameTo.port ?? 5060 },
      remote: { address: source_address, port: source_port },
    };
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#listener.fault(error);
    }
  }
}

function failed(error: unknown, listener: OwnRequestListener): void {
  const gone = (error as { code?: unknown } | null)?.code === 'ENODIALOG';
  const detail = error instanceof Error ? error.message : String(error);
  listener.failed(gone ? 'dialog-gone' : 'not-sent', detail);
}

/** A status that the package does not know goes out as its class's first. */
function respond(
  response: SrfResponse,
  status: number,
  message: { readonly headers: SrfHeaders; readonly body?: string },
  sent: Parameters<SrfResponse['send']>[3],
): void {
  try {
    response.send(status, reasonPhrase(status), message, sent);
  } catch {
    const first = 100 * Math.floor(status / 100);
    response.send(first, reasonPhrase(first), message, sent);
  }
}

function answerOf(response: SrfAnswer): Omit<ServedResponse, 'acknowledge'> {
  const { status, raw, stackDialogId = '', source_address = '' } = response;
  return { status, text: raw, dialogId: stackDialogId, source: source_address };
}

/** The first of `udp/192.0.2.1:5060,tcp/192.0.2.1:5060`. */
function addressOf(hostPorts: string | undefined): HostPort {
  const found = parseHostPort((hostPorts ?? '').split(',')[0]!.replace(/^\w+\//, ''));
  return { address: found?.host ?? '', port: found?.port ?? 0 };
}

function transportOf(protocol: string): SipTransport {
  const name = protocol.toLowerCase();
  return name === 'tcp' || name === 'tls' || name === 'ws' || name === 'wss' ? name : 'udp';
}

/** One value for each name. The server reads header lines, so further lines of a name go into its value. */
function headersOf(headers: ExtraHeaders): SrfHeaders {
  const lines: Record<string, string> = {};
  const first = new Map<string, string>();
  for (const [name, value] of safeExtras(headers)) {
    const key = first.get(name.toLowerCase());
    if (key !== undefined) lines[key] += `\r\n${name}: ${value}`;
    else {
      first.set(name.toLowerCase(), name);
      lines[name] = value;
    }
  }
  return lines;
}
