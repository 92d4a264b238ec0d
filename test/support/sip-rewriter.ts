import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** A place between two that speak SIP over UDP, which rewrites the SDP of either: what no phone can be told to say. */
export class SipRewriter {
  readonly #socket: Socket;
  #caller: { readonly address: string; readonly port: number } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Passes on what comes from anybody to the port `to`, and back what comes from there; a line at a time of each body. */
  static async start(to: number, rewrite: (line: string, from: 'caller' | 'called') => string) {
    const socket = createSocket('udp4');
    const rewriter = new SipRewriter(socket);
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      const side = from.port === to ? 'called' : 'caller';
      if (side === 'caller') rewriter.#caller = from;
      const rewritten = rewriteBody(bytes.toString('latin1'), (line) => rewrite(line, side));
      const target = side === 'caller' ? { address: '127.0.0.1', port: to } : rewriter.#caller;
      if (target !== undefined) socket.send(Buffer.from(rewritten, 'latin1'), target.port, target.address);
    });
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    return rewriter;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  stop(): void {
    this.#socket.close();
  }
}

function rewriteBody(message: string, rewrite: (line: string) => string): string {
  const at = message.indexOf('\r\n\r\n');
  if (at < 0 || at + 4 === message.length) return message;
  const body = message
    .slice(at + 4)
    .split('\r\n')
    .map(rewrite)
    .join('\r\n');
  const head = message.slice(0, at).replace(/^(Content-Length|l)\s*:\s*\d+/im, `$1: ${body.length}`);
  return `${head}\r\n\r\n${body}`;
}
