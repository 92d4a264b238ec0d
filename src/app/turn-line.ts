import { lookup } from 'node:dns/promises';
import { connectTcp } from '../adapters/tcp/tcp.ts';
import { connectTls } from '../adapters/tcp/tls.ts';
import { openUdp } from '../adapters/udp/udp.ts';
import type { Millis } from '../base/clock.ts';
import { StreamFramer } from '../turn/stream-framer.ts';
import type { TurnUrl } from '../turn/turn-url.ts';

/** A way of talking to a TURN server, message by message. */
export interface TurnLine {
  readonly transport: 'datagrams' | 'stream';
  onMessage: (bytes: Uint8Array) => void;
  /** The server hung up. */
  onClose: () => void;
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens a line; rejects, with what Node says, when there is no such name, nobody listens, or a certificate is somebody else's. */
export function openTurnLine(where: TurnUrl, within: Millis): Promise<TurnLine> {
  return where.transport === 'udp' ? overUdp(where) : overStream(where, within);
}

async function overUdp({ host, port }: TurnUrl): Promise<TurnLine> {
  const { address, family } = await lookup(host);
  const socket = await openUdp({ address: family === 6 ? '::' : '0.0.0.0', port: 0 });
  const line: TurnLine = {
    transport: 'datagrams',
    onMessage: () => {},
    onClose: () => {},
    send: (bytes) => socket.send(bytes, port, address),
    close: () => socket.close(),
  };
  socket.onDatagram = (bytes, from) => {
    if (from === address) line.onMessage(bytes);
  };
  return line;
}

async function overStream({ host, port, transport }: TurnUrl, within: Millis): Promise<TurnLine> {
  const { address } = await lookup(host);
  const remote = { address, port };
  const connection =
    transport === 'tcp'
      ? await connectTcp(remote, within)
      : await connectTls(remote, { name: host, timeoutMs: within, verify: 'peer', identity: 'host' });
  const line: TurnLine = {
    transport: 'stream',
    onMessage: () => {},
    onClose: () => {},
    send: (bytes) => connection.write(bytes),
    close: () => {
      connection.onClose = () => {};
      connection.close();
    },
  };
  const framer = new StreamFramer((frame) => line.onMessage(frame));
  connection.onData = (bytes) => void framer.push(bytes);
  connection.onClose = () => line.onClose();
  return line;
}
