import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { loadAddon } from '../../../src/adapters/native/addon.ts';
import { openUdp } from '../../../src/adapters/udp/udp.ts';
import { openDtlsEngine } from '../../../src/app/dtls.ts';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { type Timers, WakeQueue } from '../../../src/base/wake-queue.ts';
import type { IceCredentials } from '../../../src/ice/credentials.ts';
import { MediaHost } from '../../../src/media/host.ts';
import type { Codec, LegAssociation, LegMedia, MediaEvent } from '../../../src/media/protocol.ts';
import type { DtlsEngineName } from '../../support/dtls-engines.ts';

/** A worker's media over loopback, in real time for the sake of DTLS, with the leg `LG_1` of a web phone. */
export interface WebLeg {
  readonly host: MediaHost;
  readonly events: MediaEvent[];
  readonly timers: Timers;
  stop(): void;
}

/** Starts it; `local` are its end's ICE credentials. */
export async function startWebLeg(local: IceCredentials, engine: DtlsEngineName = 'werift'): Promise<WebLeg> {
  const timers = new WakeQueue();
  const stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
  const events: MediaEvent[] = [];
  const host = new MediaHost({
    browsers: {
      socket: await openUdp({ address: '127.0.0.1', port: 0 }),
      dtls: await openDtlsEngine(engine, loadAddon(), monotonicClock, timers),
      digests: nodeDigests,
      wall: wallClock,
      isRelay: () => false,
    },
    ports: { inUse: 0, open: (opened) => opened(undefined), release() {} },
    codecs: builtInCodecs,
    clock: monotonicClock,
    timers,
    random: systemRandom,
    mediaTimeoutMs: 30_000,
    unixOffsetMs: 0,
    emit: (event) => events.push(event),
    onFault: (error) => {
      throw error;
    },
  });
  host.handle({ type: 'room.open', room: 'RM_1' });
  host.handle({ type: 'leg.open', room: 'RM_1', leg: 'LG_1', track: 'TR_1', ice: local });
  const stop = () => {
    host.stop();
    stopAlarms();
  };
  return { host, events, timers, stop };
}

const pcma: Codec = { mime: 'audio/pcma', payloadType: 8, clockRate: 8000, channels: 1, fmtp: '' };

/** What its SDP and ours have agreed on. */
export function webMedia(association: LegAssociation): LegMedia {
  return {
    association,
    remote: { address: '0.0.0.0', port: 9, rtcpPort: 9 },
    allowedSources: [],
    codec: pcma,
    accept: [pcma],
    dtmfOut: 101,
    dtmfIn: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
  };
}
