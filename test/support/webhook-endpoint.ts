import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebhookEvent, WebhookReceiver } from 'livekit-server-sdk';

/** An event as LiveKit's SDK reads it, with what only ours has (docs/API.md). */
export interface ToldEvent extends Omit<WebhookEvent, 'event'> {
  readonly event: string;
  readonly sipCall: Record<string, unknown> | undefined;
}

/** Where a gateway in development sends webhooks to: LiveKit's own receiver checks their signatures and reads them. */
export class WebhookEndpoint {
  readonly told: ToldEvent[] = [];
  /** Why some were not taken. */
  readonly faults: unknown[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    const receiver = new WebhookReceiver('devkey', 'secret');
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const { sipCall } = JSON.parse(body) as Pick<ToldEvent, 'sipCall'>;
        receiver.receive(body, request.headers.authorization).then(
          (event) => this.told.push(Object.assign(event, { sipCall })),
          (error: unknown) => this.faults.push(error),
        );
        response.end();
      });
    });
  }

  static async open(): Promise<WebhookEndpoint> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebhookEndpoint(server);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
