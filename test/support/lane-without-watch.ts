/**
 * A process of its own, for what it does to its epoll descriptors: the kernel watches no more sockets, first those that rest, then
 * those that wake. Says in JSON what came through, and how often the refusal was told.
 */
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { NativeUdp, PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import { layToRest } from '../../src/leg/leg-rest.ts';

/** Descriptors that are epoll's. */
function polls(): number[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]' ? [Number(fd)] : [];
    } catch {
      // The one by which the folder was read.
      return [];
    }
  });
}

/** Puts what is no epoll in a descriptor's place: to add a socket to it fails. */
function spoil(fd: number): void {
  closeSync(fd);
  const held: number[] = [];
  for (let got = openSync('/dev/null', 'r'); got !== fd; got = openSync('/dev/null', 'r')) held.push(got);
  for (const one of held) closeSync(one);
}

const before = polls();
const addon = loadAddon();
if (addon === undefined) throw new Error('no addon');
let unwatched = 0;
const udp = new NativeUdp(addon, { unsent() {}, unwatched: () => unwatched++, fault() {} }, PACKET_SLOTS);
const [waking, resting] = polls().filter((fd) => !before.includes(fd)) as [number, number];
const phone = udp.open({ address: '127.0.0.1', port: 0 }) as DatagramSocket;
const heard: number[] = [];

function opened(): DatagramSocket {
  const socket = udp.open({ address: '127.0.0.1', port: 0 }) as DatagramSocket;
  socket.onDatagram = (bytes) => void heard.push(bytes[0]!);
  return socket;
}

const rests = (socket: DatagramSocket) =>
  layToRest(socket, {
    ...{ peer: phone.local, payloadType: 8, ssrc: 1, law: 'pcma', quiet: 300 },
    out: { payloadType: 8, ssrc: 1, sequence: 0, timestamp: 0, ticks: 160 },
  });
const told: unknown[] = [];

// One that rests already must not be lost when it cannot wake, nor one that is to rest when it cannot.
const [sleeper, waker] = [opened(), opened()];
const lane = rests(sleeper);
const send = async (to: DatagramSocket, byte: number) => {
  phone.send(Uint8Array.of(byte), to.local.port, '127.0.0.1');
  await wait(50);
};

if (process.argv[2] === 'rest') {
  spoil(resting);
  const other = rests(waker);
  await send(waker, 1);
  told.push(other === waker.lane, [...heard], unwatched);
} else {
  // The event loop, too, has to have taken up the descriptor before.
  await wait(50);
  spoil(waking);
  lane.wake();
  told.push(unwatched);
  await send(sleeper, 2);
  told.push([...heard]);
  udp.collect();
  told.push([...heard]);
}
console.log(JSON.stringify(told));
process.exit(0);
