import { parentPort, workerData } from 'node:worker_threads';
import { driveAlarms, monotonicClock, wallClock } from '../adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import { loadAddon } from '../adapters/native/addon.ts';
import { nativeTransforms } from '../adapters/native/native-srtp.ts';
import { PACKET_SLOTS } from '../adapters/native/native-udp.ts';
import { OpusCodecs } from '../adapters/opus/opus-codecs.ts';
import type { TcpLimits } from '../adapters/tcp/connection.ts';
import { listenTcp } from '../adapters/tcp/tcp.ts';
import { RtpPortRange } from '../adapters/udp/rtp-port-range.ts';
import { WiredMediaSocket } from '../adapters/wire/wired-media.ts';
import { type Crossing, outbox } from '../adapters/worker/crossing.ts';
import { WakeQueue } from '../base/wake-queue.ts';
import { MediaHost } from '../media/host.ts';
import type { MediaCommand, MediaEvent } from '../media/protocol.ts';
import { SoundBook } from '../media/sound-book.ts';
import { AddressSet } from '../trunk/addresses.ts';
import { openUdpOn } from './addresses.ts';
import { datagramSource } from './datagrams.ts';
import { openDtlsEngine } from './dtls.ts';
import type { MediaWorkerSettings } from './media-settings.ts';
import { OwnAddresses } from './own-addresses.ts';
import { listening, StartupError } from './startup-error.ts';
import { SummedDrops } from './summed-drops.ts';

/**
 * A media worker: this thread's entry. It opens its sockets, says `worker.ready`, and from then on carries out what the
 * control side commands. A failure at start is said with `worker.failed`, and ends the thread.
 */
const settings = workerData as MediaWorkerSettings;

const events = outbox<MediaEvent>((batch) => parentPort?.postMessage(batch));

/** A browser has one connection for each of our addresses; an office of many of them shares one address. */
const ICE_TCP_LIMITS: TcpLimits = { total: 4000, perSource: 1000, idleMs: 60_000, backlog: 1 << 20 };

function tell(event: MediaEvent): void {
  events.send(event);
}

async function open(): Promise<void> {
  const timers = new WakeQueue();
  const drops = new SummedDrops(timers, monotonicClock, tell);
  const onFault = (error: unknown) => fault(error, 'a packet');
  const { ice, iceTcp, rtp, relays } = settings;
  const own = new OwnAddresses({ timers, clock: monotonicClock, onFault });
  const addon = settings.native === 'off' ? undefined : loadAddon();
  const sockets = datagramSource(
    settings.native,
    { ...drops.ofSockets('worker'), fault: onFault },
    PACKET_SLOTS,
  );
  const [kernel, dtls, codecs] = await Promise.all([
    listening('ice.udp_port', () => openUdpOn(ice, relays.addresses, sockets.open, own)),
    openDtlsEngine(settings.dtls, addon, monotonicClock, timers),
    OpusCodecs.load(),
  ]);
  const srtp = nativeTransforms(addon);
  const relayNetworks = new AddressSet(relays.networks);
  const { wire: memory, media: addresses } = relays;
  const dropped = () => drops.count('mux', 'relay-behind');
  const socket =
    memory === undefined ? kernel : new WiredMediaSocket({ kernel, memory, addresses, dropped, onFault });
  const host = new MediaHost({
    browsers: {
      socket,
      dtls,
      digests: nodeDigests,
      wall: wallClock,
      isRelay: (address, port) =>
        (port >= relays.ports.first && port <= relays.ports.last && relays.addresses.includes(address)) ||
        (relays.networks.length > 0 && relayNetworks.has(address)),
    },
    ports: new RtpPortRange({
      address: rtp.address,
      ...rtp.ports,
      // Arrivals tell the jitter of the way, not of this thread.
      openUdp: sockets.marking(rtp.dscp, 'timed'),
      clock: monotonicClock,
    }),
    srtp,
    codecs,
    mix: settings.mix,
    sounds: new SoundBook(settings.sounds),
    clock: monotonicClock,
    timers,
    random: systemRandom,
    mediaTimeoutMs: rtp.mediaTimeoutMs,
    unixOffsetMs: wallClock.unixMs() - monotonicClock.now(),
    collect: () => sockets.collect(),
    emit: tell,
    onFault: fault,
  });
  codecs.onFailure = (error) => fault(error, 'opus');
  const iceDoor =
    iceTcp === undefined
      ? undefined
      : await listening('ice.tcp_port', () =>
          listenTcp(iceTcp, {
            limits: ICE_TCP_LIMITS,
            accept: (connection) => host.acceptStream(connection),
            refused: (reason) =>
              tell({ type: 'dropped', where: 'mux', reason: `tcp-connections-${reason}`, count: 1 }),
          }),
        );
  const stopAlarms = driveAlarms(timers, monotonicClock, (error) => fault(error, 'an alarm'));
  // The last line: a bug that a packet found costs that packet, and not the worker with all its calls.
  process.on('uncaughtException', (error) => fault(error, 'a packet'));
  parentPort?.on('message', (commands: Crossing<MediaCommand>) => {
    for (const command of commands) carryOut(host, command);
    if (commands.at(-1)?.type !== 'worker.stop') return;
    stopAlarms();
    // Whatever stays open keeps the thread, which would be killed then.
    void iceDoor?.close();
    tell({ type: 'worker.stopped' });
    events.flush();
    parentPort?.close();
  });
  const engines = {
    dtls: dtls.by,
    srtp: srtp === undefined ? ('typescript' as const) : ('openssl' as const),
    sockets: sockets.by,
  };
  tell({ type: 'worker.ready', ...host.ready, engines });
}

/** One that fails must not take those with it that came along. */
function carryOut(host: MediaHost, command: MediaCommand): void {
  try {
    host.handle(command);
  } catch (error) {
    fault(error, command.type);
  }
}

function fault(error: unknown, doing: string): void {
  tell({ type: 'worker.fault', doing, error: describe(error) });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

open().catch((error: unknown) => {
  tell({ type: 'worker.failed', reason: error instanceof StartupError ? error.message : describe(error) });
  events.flush();
  process.exitCode = 1;
  parentPort?.close();
});
