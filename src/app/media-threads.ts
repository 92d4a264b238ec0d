import { type MediaThread, startMediaThread } from '../adapters/worker/thread.ts';
import type { EventSink } from '../events/index.ts';
import type { MediaEngines } from '../media/protocol.ts';
import { MediaWorkers } from '../room/media-workers.ts';
import type { StartupConfig } from './config/read.ts';
import { type MediaWorkerSettings, mediaWorkerSettings } from './media-settings.ts';
import { readSounds } from './sounds.ts';
import { StartupError } from './startup-error.ts';

/** The threads that move packets and mix. */
export interface MediaThreads {
  /** What rooms see of them. */
  readonly workers: MediaWorkers;
  readonly settings: readonly MediaWorkerSettings[];
  /** The UDP port of each for browsers' media. */
  readonly icePorts: readonly number[];
  /** Of all of them, which are alike. */
  readonly engines: MediaEngines;
  /** Ends them; one that does not end by itself within `graceMs` is ended. */
  stop(graceMs: number): Promise<void>;
}

/** How long a thread may take to end when another one could not start, ms. */
const GIVE_UP_MS = 1500;

/** Starts as many as are configured, or none: rejects with a StartupError. `onFault` hears of bugs in their messages. */
export async function openMediaThreads(
  startup: StartupConfig,
  emit: EventSink,
  onFault: (doing: string, error: unknown) => void,
): Promise<MediaThreads> {
  const settings = mediaWorkerSettings(startup, await readSounds(startup.config.sounds.directory));
  const threads = await startAll(settings);
  const workers = new MediaWorkers(emit);
  workers.onFault = onFault;
  for (const { port, ready } of threads) workers.add(port, ready);
  return {
    ...{ workers, settings },
    icePorts: threads.map(({ ready }) => ready.icePort),
    engines: threads[0]!.ready.engines,
    stop: async (graceMs) => void (await Promise.all(threads.map((thread) => thread.stop(graceMs)))),
  };
}

async function startAll(settings: readonly MediaWorkerSettings[]): Promise<MediaThread[]> {
  const entry = new URL('./media-worker.ts', import.meta.url);
  const started = await Promise.allSettled(settings.map((one) => startMediaThread(entry, one)));
  const threads = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return threads;
  await Promise.all(threads.map((thread) => thread.stop(GIVE_UP_MS)));
  throw new StartupError(failed.reason instanceof Error ? failed.reason.message : String(failed.reason));
}
