import { nodeDigests, systemRandom } from '../../adapters/crypto/crypto.ts';
import { connectTcp } from '../../adapters/tcp/tcp.ts';
import { openUdp } from '../../adapters/udp/udp.ts';
import type { Clock, Millis } from '../../base/clock.ts';
import type { HostPort } from '../../base/net.ts';
import type { Timers } from '../../base/wake-queue.ts';
import { framedPacket, PacketFramer } from '../../ice/packet-framer.ts';
import { PathProbe, type PathSurvey } from '../../ice/path-probe.ts';
import { type Finding, lossOf, type Measured, measure } from '../../netcheck/findings.ts';
import type { MediaPort } from '../../netcheck/messages.ts';
import type { Way } from '../../netcheck/ways.ts';
import { type AllocationOutcome, RelayClient } from '../../turn/relay-client.ts';
import { parseTurnUrl } from '../../turn/turn-url.ts';
import { faultText } from '../fault-text.ts';
import { openTurnLine } from '../turn-line.ts';

/** How long a connection, an allocation and a first answer may take, each, ms. */
const WITHIN: Millis = 5000;
/** Two seconds of voice, in packets as often as a phone with 40 ms has them. */
const COUNTED = { checks: 50, every: 40, patience: 1000 };
/** Addresses of one way that are tried. */
const MAX_ADDRESSES = 4;
const SILENCE = 'no answer: it is not let through, or the answers are not let back';

/** Where checks are answered, and what runs the time. */
export interface TestPlace {
  readonly ufrag: string;
  readonly pwd: string;
  readonly media: readonly MediaPort[];
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What one address of a way came to; the text says why it does not work. */
type Trial = Measured | string;

/** Tries one way by all its addresses at once, and tells the best of them; never rejects. */
export async function tryWay(way: Way, place: TestPlace): Promise<Finding> {
  const trials = await Promise.all(trialsOf(way, place));
  const working = trials.filter((trial) => typeof trial !== 'string');
  const [best] = working.sort((a, b) => lossOf(a) - lossOf(b) || a.rttMs - b.rttMs);
  if (best !== undefined) return { way, works: true, measured: best };
  return { way, works: false, detail: trials.find((trial) => typeof trial === 'string') ?? SILENCE };
}

function trialsOf(way: Way, place: TestPlace): Promise<Trial>[] {
  const { server } = way;
  if (server !== undefined)
    return server.urls
      .slice(0, MAX_ADDRESSES)
      .map((url) =>
        attempt(() => byRelay(url, { username: server.username, password: server.credential }, place)),
      );
  const ports = place.media.filter(({ transport }) => transport === way.kind).slice(0, MAX_ADDRESSES);
  return ports.map((port) => attempt(() => (way.kind === 'udp' ? byUdp(port, place) : byTcp(port, place))));
}

async function attempt(trial: () => Promise<Trial>): Promise<Trial> {
  try {
    return await trial();
  } catch (error) {
    return faultText(error);
  }
}

async function byUdp({ address, port }: HostPort, place: TestPlace): Promise<Trial> {
  const socket = await openUdp({ address: address.includes(':') ? '::' : '0.0.0.0', port: 0 });
  try {
    return await survey(place, (receive) => {
      socket.onDatagram = (bytes, from, fromPort) => {
        if (from === address && fromPort === port) receive(bytes);
      };
      return (bytes) => socket.send(bytes, port, address);
    });
  } finally {
    socket.close();
  }
}

async function byTcp(remote: HostPort, place: TestPlace): Promise<Trial> {
  const connection = await connectTcp(remote, WITHIN);
  try {
    return await survey(place, (receive) => {
      const framer = new PacketFramer(receive);
      connection.onData = (bytes) => void framer.push(bytes);
      return (bytes) => connection.write(framedPacket(bytes));
    });
  } finally {
    connection.close();
  }
}

/** An allocation, a permission for the media port, and the same checks through the relay. */
async function byRelay(
  url: string,
  credentials: { readonly username: string; readonly password: string },
  place: TestPlace,
): Promise<Trial> {
  const where = parseTurnUrl(url);
  if (where === undefined) return 'this is no address of a TURN server';
  const line = await openTurnLine(where, WITHIN);
  let receive: (bytes: Uint8Array) => void = () => {};
  const outcome: { settle: (outcome: AllocationOutcome) => void } = { settle: () => {} };
  const allocated = new Promise<AllocationOutcome>((resolve) => {
    outcome.settle = resolve;
  });
  const { clock, timers } = place;
  const client = new RelayClient({
    ...{ clock, timers, random: systemRandom, digests: nodeDigests, ...credentials },
    ...{ transport: line.transport, within: WITHIN },
    send: (bytes) => line.send(bytes),
    allocated: outcome.settle,
    onData: (bytes) => receive(bytes),
  });
  line.onMessage = (bytes) => client.receive(bytes);
  line.onClose = () => outcome.settle({ kind: 'failed', reason: 'no-answer' });
  try {
    const allocation = await allocated;
    if (allocation.kind !== 'allocated') return allocationText(allocation);
    const peer = await permittedPeer(client, allocation.relayed, place.media);
    if (peer === undefined) return 'the relay works, but does not let through to the gateway’s media port';
    return await survey(place, (take) => {
      receive = take;
      return (bytes) => client.send(bytes, peer);
    });
  } finally {
    client.release();
    line.close();
  }
}

/** The first media port of the relay's family that it lets us send to. */
async function permittedPeer(
  client: RelayClient,
  relayed: HostPort,
  media: readonly MediaPort[],
): Promise<HostPort | undefined> {
  const isV6 = ({ address }: HostPort) => address.includes(':');
  const peers = media.filter((port) => port.transport === 'udp' && isV6(port) === isV6(relayed));
  for (const peer of peers.slice(0, MAX_ADDRESSES))
    if (await new Promise<boolean>((done) => client.permit(peer, done))) return peer;
  return undefined;
}

/** Runs checks over a path; `open` gets where answers go, and gives what sends. */
async function survey(
  { clock, pwd, timers, ufrag }: TestPlace,
  open: (receive: (bytes: Uint8Array) => void) => (bytes: Uint8Array) => void,
): Promise<Trial> {
  const result = await new Promise<PathSurvey | undefined>((done) => {
    let probe: PathProbe | undefined;
    const send = open((bytes) => probe?.receive(bytes));
    probe = new PathProbe({
      ...{ clock, timers, random: systemRandom, digests: nodeDigests, remote: { ufrag, pwd } },
      ...{ within: WITHIN, ...COUNTED, send, done },
    });
  });
  return result === undefined ? SILENCE : measure(result.sent, result.roundTrips);
}

function allocationText(outcome: Exclude<AllocationOutcome, { kind: 'allocated' }>): string {
  if (outcome.kind === 'refused') return `the relay refuses: ${outcome.code} ${outcome.reason}`.trimEnd();
  return outcome.reason === 'no-answer' ? SILENCE : 'what answers there is no TURN server';
}
