/**
 * The side that is measured: one media worker in a thread, as in the product, with legs opened by the seam's commands.
 * A child process of `../media.ts`; its CPU time is all its threads', the load generator's apart.
 */
import { monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { startMediaThread } from '../../../src/adapters/worker/thread.ts';
import type { MediaWorkerSettings } from '../../../src/app/media-settings.ts';
import type { LegCrypto, LegMedia, MediaEvent } from '../../../src/media/protocol.ts';
import { DEFAULT_MIX } from '../../../src/media/talkers.ts';
import type { SrtpProfile } from '../../../src/rtp/srtp/key-derivation.ts';
import { benchKeys } from './keys.ts';
import type { GatewayAnswer, GatewayQuestion } from './messages.ts';

const PCMA = { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' };

type OpenQuestion = Extract<GatewayQuestion, { ask: 'open' }>;

const settings: MediaWorkerSettings = {
  native: process.env['BENCH_NATIVE'] === 'off' ? 'off' : 'auto',
  dtls: 'auto',
  sounds: [],
  mix: DEFAULT_MIX,
  ice: { address: '127.0.0.1', port: 0 },
  iceTcp: undefined,
  rtp: { address: '127.0.0.1', ports: { first: 40_000, last: 49_999 }, mediaTimeoutMs: 0, dscp: 0 },
  relays: { addresses: [], ports: { first: 1, last: 1 }, networks: [], wire: undefined, media: [] },
};

const entry = new URL('../../../src/app/media-worker.ts', import.meta.url);
const { port: worker, stop } = await startMediaThread(entry, settings);
let late = 0;

function media(loadPort: number, crypto: LegCrypto | undefined): LegMedia {
  return {
    crypto,
    remote: { address: '127.0.0.1', port: loadPort, rtcpPort: 0 },
    allowedSources: ['127.0.0.1/32'],
    codec: PCMA,
    accept: [PCMA],
    dtmfOut: undefined,
    dtmfIn: undefined,
    ptimeMs: 20,
    direction: 'sendrecv',
  };
}

function cryptoOf(profile: SrtpProfile | undefined, leg: number): LegCrypto | undefined {
  if (profile === undefined) return undefined;
  const { toPhone, fromPhone } = benchKeys(profile, leg);
  return { profile, local: toPhone, remote: fromPhone };
}

/** Opens the legs one after the other, spread evenly over the rooms; resolves with their ports. */
function openLegs({ rooms, legs, loadPort, srtp }: OpenQuestion): Promise<number[]> {
  for (let room = 0; room < rooms; room++) worker.send({ type: 'room.open', room: `RM_${room}` });
  const ports = new Array<number>(legs).fill(0);
  let opened = 0;
  return new Promise((resolve, reject) => {
    worker.onEvent = (event: MediaEvent) => {
      if (event.type === 'leg.failed') reject(new Error(`${event.leg}: ${event.reason}`));
      else if (event.type === 'worker.fault') console.error(event.doing, event.error);
      else if (event.type === 'counts') late += event.counts.lateTicks;
      if (event.type !== 'leg.opened') return;
      const number = Number(event.leg.slice(3));
      ports[number] = event.port;
      worker.send({ type: 'leg.media', leg: event.leg, media: media(loadPort, cryptoOf(srtp, number)) });
      if (++opened === legs) resolve(ports);
    };
    for (let leg = 0; leg < legs; leg++) {
      worker.send({
        type: 'leg.open',
        room: `RM_${leg % rooms}`,
        leg: `LG_${leg}`,
        track: `TR_${leg}`,
      });
    }
  });
}

function answer(message: GatewayAnswer): void {
  process.send?.(message);
}

async function obey(question: GatewayQuestion): Promise<void> {
  if (question.ask === 'open') {
    answer({ ports: await openLegs(question) });
  } else if (question.ask === 'usage') {
    const { user, system } = process.cpuUsage();
    const at = monotonicClock.now();
    answer({ cpuUs: user + system, systemUs: system, at, rss: process.memoryUsage.rss(), lateTicks: late });
  } else {
    await stop(1000);
    process.disconnect();
  }
}

process.on('message', (question: GatewayQuestion) => void obey(question));
