/**
 * What is used of drachtio-srf 5, typed thinly: its agent, which sends requests and hands over what the server sends. Its dialogs
 * (`createUAS`, `createUAC`) are not used: they settle by promises what the engine's port settles by handlers. The shipped types know
 * neither the agent nor most of what stands here.
 */
import type { Socket } from 'node:net';

/** Header lines by name: a name that comes several times has its further lines in the value, each with its name. */
export type SrfHeaders = Readonly<Record<string, string>>;

interface SrfMessage {
  /** The SIP text, as the server wrote it. */
  readonly raw: string;
  readonly source_address: string | undefined;
  readonly source_port: number | undefined;
  readonly protocol: string | undefined;
  readonly stackDialogId: string | undefined;
}

/** A request of the network's or, by its `source`, one that the server sent in our name unasked; or one of ours, as it went out. */
export interface SrfRequest extends SrfMessage {
  readonly method: string;
  readonly source: 'network' | 'application';
  /** Address and port of the server's that it came to. */
  readonly receivedOn: string | undefined;
  readonly socket: Socket;
  on(event: 'cancel', listener: (cancel: { readonly raw: string }) => void): void;
  on(event: 'update', listener: (request: SrfRequest, response: SrfResponse) => void): void;
  on(event: 'response', listener: (response: SrfAnswer, acknowledge: SrfAcknowledge) => void): void;
  cancel(options: { readonly headers: SrfHeaders }, callback: (error: unknown) => void): void;
}

/** Sends ACK, or PRACK, whichever the response asks for. Throws when the connection is gone. */
export type SrfAcknowledge = (options: { readonly headers?: SrfHeaders; readonly body?: string }) => void;

/** A response that came. */
export interface SrfAnswer extends SrfMessage {
  readonly status: number;
}

/** The response to be given to a request. */
export interface SrfResponse {
  readonly stackDialogId: string | undefined;
  /** Throws when `status` is none that it knows. */
  send(
    status: number,
    reason: string,
    parts: { readonly headers: SrfHeaders; readonly body?: string },
    callback: (error: unknown, sent: { readonly raw: string } | undefined) => void,
  ): void;
}

export interface SrfOutgoing {
  readonly method: string;
  readonly uri?: string;
  readonly stackDialogId?: string;
  /** URI of the next hop. */
  readonly proxy?: string;
  readonly headers: SrfHeaders;
  readonly body?: string;
}

/** The package's client of one server. */
export interface SrfAgent {
  /** Throws when there is no connection. */
  request(options: SrfOutgoing, callback: (error: unknown, sent: SrfRequest | undefined) => void): void;
  readonly wp: { on(event: 'connect', listener: (socket: Socket) => void): void };
  /** What is kept for each connection. */
  readonly mapServer: ReadonlyMap<Socket, { readonly pendingNetworkInvites: Map<string, unknown> }>;
}

/** The `Srf` object. */
export interface SrfClient {
  use(method: string, layer: SrfLayer): void;
  use(layer: SrfLayer): void;
  on(event: 'connect', listener: (error: unknown, hostPorts: string, version: string) => void): void;
  on(event: 'close' | 'error', listener: (what: unknown) => void): void;
  connect(options: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    readonly reconnect: { readonly maxAttempts: number };
  }): void;
  /** The agent is there once `connect` was called. */
  readonly app: { readonly client: SrfAgent };
}

export type SrfLayer = (request: SrfRequest, response: SrfResponse, next: () => void) => void;
