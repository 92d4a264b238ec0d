/**
 * A TURN client whose packets of different lengths to a peer must not be cut, or may: `HOST PORT USER PASSWORD PEER PORT`. Each is of one
 * byte, over and over, which is its name; a second lies between them, for ICMP to come back.
 */
import { createSocket } from 'node:dgram';
import { driveAlarms, monotonicClock, rethrow } from '../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { StunBuilder } from '../../src/stun/builder.ts';
import { Attribute, Method } from '../../src/stun/registry.ts';
import { RelayClient } from '../../src/turn/relay-client.ts';

const [host = '', port = '', username = '', password = '', peerHost = '', peerPort = ''] =
  process.argv.slice(2);
const peer = { address: peerHost, port: Number(peerPort) };
/** Name, length, and whether it must stay whole. */
const PACKETS = [
  ['a', 1000, 'whole'],
  ['b', 1350, 'whole'],
  ['c', 1000, 'whole'],
  ['d', 1350, 'pieces'],
  ['e', 1350, 'whole'],
  ['f', 1000, 'pieces'],
  ['g', 3000, 'whole'],
  ['h', 1000, 'whole'],
] as const;

const timers = new WakeQueue();
driveAlarms(timers, monotonicClock, rethrow);
const socket = createSocket('udp4');
const send = (bytes: Uint8Array) => socket.send(bytes, Number(port), host);
const client = new RelayClient({
  ...{ clock: monotonicClock, timers, random: systemRandom, digests: nodeDigests },
  ...{ username, password, transport: 'datagrams', within: 10_000, send },
  allocated: (outcome) => {
    console.log(outcome.kind);
    client.permit(peer, (permitted) => (permitted ? sendAll() : process.exit(1)));
  },
});
socket.on('message', (bytes) => client.receive(bytes));

function sendAll(): void {
  PACKETS.forEach(([name, length, how], i) => {
    setTimeout(() => {
      const indication = new StunBuilder(Method.send, 'indication', systemRandom.bytes(12));
      indication.xorAddress(Attribute.xorPeerAddress, peer.address, peer.port);
      if (how === 'whole') indication.flag(Attribute.dontFragment);
      send(indication.attribute(Attribute.data, new Uint8Array(length).fill(name.charCodeAt(0))).finish());
    }, i * 1000);
  });
  setTimeout(() => {
    console.log('done');
    process.exit(0);
  }, PACKETS.length * 1000);
}
