import { driveAlarms, monotonicClock, rethrow } from '../../adapters/clock/clock.ts';
import { systemRandom } from '../../adapters/crypto/crypto.ts';
import { connectTcp } from '../../adapters/tcp/tcp.ts';
import { openUdp } from '../../adapters/udp/udp.ts';
import { formatHostPort, type HostPort } from '../../base/net.ts';
import { WakeQueue } from '../../base/wake-queue.ts';
import { SipEndpoint } from '../../sip/endpoint.ts';
import type { Flow } from '../../sip/ports.ts';
import { PONG, StreamFramer } from '../../sip/stream-framer.ts';

const CONNECT_MS = 5000;

/** A SIP user agent of this process, with one way out: to the far end that the tool calls. */
export interface SipClient {
  readonly endpoint: SipEndpoint;
  /** Where we are reached, as it stands in From and Contact. */
  readonly local: HostPort;
  readonly remote: HostPort;
  close(): void;
}

interface Wire {
  readonly flow: Flow;
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens a UDP socket or a TCP connection towards `remote`. Rejects when the port is taken or nobody listens there. */
export async function openSipClient(options: {
  readonly transport: 'udp' | 'tcp';
  readonly remote: HostPort;
  readonly local: HostPort;
}): Promise<SipClient> {
  const queue = new WakeQueue();
  const stopAlarms = driveAlarms(queue, monotonicClock, rethrow);
  let endpoint: SipEndpoint | undefined;
  const receive = (bytes: Uint8Array, flow: Flow) => endpoint?.receive(bytes, flow);
  const closed = (flow: Flow) => endpoint?.flowClosed(flow);
  let wire: Wire;
  try {
    wire =
      options.transport === 'udp'
        ? await openUdpWire(options, receive)
        : await openTcpWire(options, receive, closed);
  } catch (error) {
    stopAlarms();
    throw error;
  }
  endpoint = new SipEndpoint({
    clock: monotonicClock,
    timers: queue,
    random: systemRandom,
    send: (bytes) => wire.send(bytes),
    // Whoever speaks in a call of ours is let in by the endpoint itself; nobody else calls this phone.
    admission: () => 'ignore',
    emit: () => {},
    userAgent: 'trunkroom-phone',
    contact: () => wire.flow.local,
    openFlow: () => wire.flow,
    onFault: (error) => {
      throw error;
    },
  });
  return {
    endpoint,
    local: wire.flow.local,
    remote: options.remote,
    close: () => {
      endpoint.abandon();
      stopAlarms();
      wire.close();
    },
  };
}

async function openUdpWire(
  { remote, local }: { readonly remote: HostPort; readonly local: HostPort },
  receive: (bytes: Uint8Array, flow: Flow) => void,
): Promise<Wire> {
  const socket = await openUdp(local);
  const flow: Flow = { transport: 'udp', local: { address: local.address, port: socket.local.port }, remote };
  socket.onDatagram = (bytes, address, port) => receive(bytes, { ...flow, remote: { address, port } });
  return {
    flow,
    send: (bytes) => socket.send(bytes, remote.port, remote.address),
    close: () => socket.close(),
  };
}

async function openTcpWire(
  { remote }: { readonly remote: HostPort },
  receive: (bytes: Uint8Array, flow: Flow) => void,
  closed: (flow: Flow) => void,
): Promise<Wire> {
  const connection = await connectTcp(remote, CONNECT_MS).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`no TCP connection to ${formatHostPort(remote)}: ${error.code ?? error.message}`);
  });
  const flow: Flow = { transport: 'tcp', local: connection.local, remote };
  const framer = new StreamFramer({
    message: (bytes) => receive(bytes, flow),
    ping: () => connection.write(PONG),
  });
  connection.onData = (bytes) => {
    if (framer.push(bytes) !== undefined) connection.close();
  };
  connection.onClose = () => closed(flow);
  return { flow, send: (bytes) => connection.write(bytes), close: () => connection.close() };
}
