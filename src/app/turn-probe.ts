import { lookup } from 'node:dns/promises';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import { connectTcp } from '../adapters/tcp/tcp.ts';
import { connectTls } from '../adapters/tcp/tls.ts';
import { openUdp } from '../adapters/udp/udp.ts';
import type { Clock, Millis } from '../base/clock.ts';
import type { StreamConnection } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import { AllocationProbe, type ProbeOutcome } from '../turn/allocation-probe.ts';
import type { TurnCredentials } from '../turn/credentials.ts';
import { StreamFramer } from '../turn/stream-framer.ts';
import { parseTurnUrl, type TurnUrl } from '../turn/turn-url.ts';

/** What a probe needs of its surroundings. */
export interface ProbeSurroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a look may take, ms: the connection, and then the allocation. */
  readonly within: Millis;
}

/** Asks the TURN server at `url` for an allocation, from this machine; never rejects. */
export async function probeTurn(
  url: string,
  credentials: TurnCredentials,
  surroundings: ProbeSurroundings,
): Promise<ProbeOutcome> {
  const where = parseTurnUrl(url);
  if (where === undefined) return { kind: 'failed', reason: 'not-turn' };
  try {
    return where.transport === 'udp'
      ? await overUdp(where, credentials, surroundings)
      : await overStream(where, credentials, surroundings);
  } catch {
    // No such name, nobody listens, a certificate for somebody else: to a client it is all the same.
    return { kind: 'failed', reason: 'no-answer' };
  }
}

async function overUdp(
  { host, port }: TurnUrl,
  credentials: TurnCredentials,
  surroundings: ProbeSurroundings,
): Promise<ProbeOutcome> {
  const { address, family } = await lookup(host);
  const socket = await openUdp({ address: family === 6 ? '::' : '0.0.0.0', port: 0 });
  try {
    return await new Promise((done) => {
      const probe = new AllocationProbe({
        ...surroundings,
        ...credentials,
        ...{ digests: nodeDigests, random: systemRandom, transport: 'datagrams' as const, done },
        send: (bytes) => socket.send(bytes, port, address),
      });
      socket.onDatagram = (bytes, from) => {
        if (from === address) probe.receive(bytes);
      };
    });
  } finally {
    socket.close();
  }
}

async function overStream(
  where: TurnUrl,
  credentials: TurnCredentials,
  surroundings: ProbeSurroundings,
): Promise<ProbeOutcome> {
  const connection = await connect(where, surroundings.within);
  try {
    return await new Promise((done) => {
      const probe = new AllocationProbe({
        ...surroundings,
        ...credentials,
        ...{ digests: nodeDigests, random: systemRandom, transport: 'stream' as const, done },
        send: (bytes) => connection.write(bytes),
      });
      const framer = new StreamFramer((frame) => probe.receive(frame));
      connection.onData = (bytes) => void framer.push(bytes);
      connection.onClose = () => {
        probe.stop();
        done({ kind: 'failed', reason: 'no-answer' });
      };
    });
  } finally {
    connection.onClose = () => {};
    connection.close();
  }
}

async function connect({ host, port, transport }: TurnUrl, within: Millis): Promise<StreamConnection> {
  const { address } = await lookup(host);
  const remote = { address, port };
  return transport === 'tcp'
    ? connectTcp(remote, within)
    : connectTls(remote, { name: host, timeoutMs: within, verify: 'peer' });
}
