/**
 * The side that is measured: the transports of a media worker on one socket, as in the product, whose DTLS is done as soon as it
 * begins. A child process of `../sfu.ts`.
 */
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { Codec } from '../../../src/media/protocol.ts';
import { TransportHost } from '../../../src/media/transport-host.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import type { SfuQuestion, SfuUsage } from './messages.ts';
import {
  credentials,
  EXTENSIONS,
  fromGateway,
  iceCheck,
  media,
  PROFILE,
  peerCredentials,
  publisherAddress,
  publisherId,
  publisherPort,
  sentSourceOf,
  sourceOf,
  subscriberAddress,
  subscriberId,
  subscriberPort,
  toGateway,
} from './packets.ts';
import { benchSocket } from './sockets.ts';

const MID = '0';
const timers = new WakeQueue();
const stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
const socket = await benchSocket('0.0.0.0', 0);
const host = new TransportHost({
  socket,
  dtls: {
    by: 'werift',
    fingerprint: { algorithm: 'sha-256', value: 'AA' },
    open: ({ onEvent }) => ({
      // As soon as the other end is known, all is proven.
      begin: () => {},
      expect: () =>
        queueMicrotask(() =>
          onEvent({ type: 'connected', profile: PROFILE, local: fromGateway, remote: toGateway }),
        ),
      receive: () => {},
      sendData: () => false,
      close: () => {},
    }),
  },
  srtp: srtpEngines.at(-1)?.make,
  digests: nodeDigests,
  random: systemRandom,
  clock: monotonicClock,
  wall: wallClock,
  timers,
  isRelay: () => false,
  onTrackPacket: () => {},
  listen: () => {},
});
let forwarded = 0;
let openMs = 0;

/** A transport that has proven itself from an address, without a network. */
function connect(id: string, address: string, port: number): void {
  host.open(id, credentials(id));
  socket.onDatagram(iceCheck(id), address, port);
  host.remote(id, peerCredentials, []);
}

function open({ medium, rooms, subscribers }: Extract<SfuQuestion, { ask: 'open' }>): void {
  const { clockRate, kind, mime, payloadType } = media[medium];
  const codec: Codec = {
    mime,
    clockRate,
    payloadType,
    channels: kind === 'audio' ? 2 : 1,
    fmtp: '',
    rtx: kind === 'video' ? 97 : undefined,
  };
  const before = process.cpuUsage();
  for (let room = 0; room < rooms; room++) {
    connect(publisherId(room), publisherAddress(room), publisherPort(room));
    host.openReceiver({
      transport: publisherId(room),
      track: `T${room}`,
      kind,
      mid: MID,
      ssrcs: [sourceOf(room)],
      codecs: [codec],
      extensions: EXTENSIONS,
    });
    for (let i = 0; i < subscribers; i++) {
      const number = room * subscribers + i;
      connect(subscriberId(number), subscriberAddress(number), subscriberPort(number));
      host.openSender({
        sender: `N${number}`,
        transport: subscriberId(number),
        track: `T${room}`,
        kind,
        mid: MID,
        ssrc: sentSourceOf(number),
        rtxSsrc: 2_000_000 + number,
        cname: 'bench',
        codecs: [codec],
        extensions: EXTENSIONS,
      });
    }
  }
  const { system, user } = process.cpuUsage(before);
  openMs = (user + system) / 1000;
}

function usage(): SfuUsage {
  const { system, user } = process.cpuUsage();
  forwarded += host.takeCounts().rtpToBrowsers;
  return {
    cpuUs: user + system,
    systemUs: system,
    at: monotonicClock.now(),
    rss: process.memoryUsage.rss(),
    forwarded,
    openMs,
  };
}

process.on('message', (question: SfuQuestion) => {
  if (question.ask === 'open') {
    open(question);
    process.send?.({ port: host.port });
  } else if (question.ask === 'usage') process.send?.(usage());
  else if (question.ask === 'stop') {
    host.stop();
    stopAlarms();
    process.exit(0);
  }
});
