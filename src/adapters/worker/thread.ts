import { Worker } from 'node:worker_threads';
import type {
  Fingerprint,
  MediaCommand,
  MediaEngines,
  MediaEvent,
  MediaWorkerPort,
} from '../../media/protocol.ts';
import { type Crossing, outbox } from './crossing.ts';

/** A media worker in a thread of its own, listening. */
export interface MediaThread {
  readonly port: MediaWorkerPort;
  readonly ready: {
    readonly icePort: number;
    readonly fingerprint: Fingerprint;
    readonly engines: MediaEngines;
  };
  /** Lets the worker close its sockets and end; kills it after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts `entry` as a media worker with `settings` (plain data) and waits until it listens. Rejects with the worker's
 * own words when it cannot, such as a taken port. A thread that dies later says so with `worker.failed`.
 */
export function startMediaThread(entry: URL, settings: unknown): Promise<MediaThread> {
  const worker = new Worker(entry, { workerData: settings });
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    let ready = false;
    const exited = new Promise<void>((done) => worker.once('exit', () => done()));
    const commands = outbox<MediaCommand>((batch) => worker.postMessage(batch));
    const port: MediaWorkerPort = { send: commands.send, onEvent: () => {} };
    const end = (graceMs: number) => {
      commands.send({ type: 'worker.stop' });
      commands.flush();
      return stop(worker, exited, graceMs);
    };
    const heard = (event: MediaEvent) => {
      if (event.type === 'worker.ready') {
        ready = true;
        resolve({ port, ready: event, stop: end });
      } else if (event.type === 'worker.failed' && !ready) {
        failure = event.reason;
      } else {
        port.onEvent(event);
      }
    };
    worker.on('message', (events: Crossing<MediaEvent>) => {
      for (const event of events) heard(event);
    });
    worker.once('error', (error) => {
      failure ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.once('exit', (code) => {
      if (!ready) reject(new Error(failure ?? `the media worker ended with code ${code}`));
      else if (code !== 0) port.onEvent({ type: 'worker.failed', reason: failure ?? `exit code ${code}` });
    });
  });
}

async function stop(worker: Worker, exited: Promise<void>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((done) => {
    timer = setTimeout(() => done('late'), graceMs);
  });
  if ((await Promise.race([exited, late])) === 'late') await worker.terminate();
  clearTimeout(timer);
}
