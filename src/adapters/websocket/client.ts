import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { fail, ok, type Result } from '../../base/result.ts';

/** Longest text of a refusal that is read, bytes. */
const MAX_TEXT = 500;
const MAX_MESSAGE = 256 * 1024;

/** An open WebSocket of ours that speaks in texts. */
export interface TextSocket {
  send(text: string): void;
  close(): void;
}

/** Who hears what comes; the first text may come before the promise of the socket is kept. */
export interface TextListener {
  text(text: string): void;
  closed(): void;
}

/** Why there is no WebSocket: the HTTP answer in its place, or Node's code of what went wrong before. */
export type SocketFault =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly error: Error };

/** Opens a WebSocket with a bearer token; never rejects. */
export function connectTextSocket(
  url: string,
  token: string,
  timeoutMs: number,
  listener: TextListener,
): Promise<Result<TextSocket, SocketFault>> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, {
      headers: { Authorization: `Bearer ${token}` },
      ...{ handshakeTimeout: timeoutMs, maxPayload: MAX_MESSAGE, perMessageDeflate: false },
    });
    const opened: TextSocket = { send: (text) => socket.send(text), close: () => socket.close(1000) };
    socket.on('message', (data, isBinary) => {
      // One buffer each: `ws` joins fragments unless told otherwise.
      if (!isBinary) listener.text((data as Buffer).toString('utf8'));
    });
    socket.once('close', () => listener.closed());
    socket.once('unexpected-response', (_request, response) => {
      void textOf(response).then((text) =>
        resolve(fail({ kind: 'answered', status: response.statusCode ?? 0, text })),
      );
    });
    // After `open` the close that follows is what counts.
    socket.on('error', (error) => resolve(fail({ kind: 'failed', error })));
    socket.once('open', () => resolve(ok(opened)));
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString('utf8');
      if (text.length > MAX_TEXT) break;
    }
  } catch {
    // What came before the connection broke is text enough.
  }
  return text.slice(0, MAX_TEXT).trim();
}
