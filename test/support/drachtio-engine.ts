import { driveAlarms, monotonicClock } from '../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { DrachtioEngine, type DrachtioOptions } from '../../src/adapters/drachtio/engine.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { eventually } from './eventually.ts';

/** An engine on a drachtio server, and all that it has told. */
export interface DrachtioUnderTest {
  readonly engine: DrachtioEngine;
  readonly faults: unknown[];
  readonly events: Parameters<DrachtioOptions['emit']>[0][];
  stop(): Promise<void>;
}

/** Connects; 127.0.0.9 is a stranger, and only who made a dialog may speak in it. */
export function openDrachtioEngine(
  server: { readonly port: number; readonly secret: string },
  options: Partial<DrachtioOptions> = {},
): DrachtioUnderTest {
  const timers = new WakeQueue();
  const faults: unknown[] = [];
  const events: DrachtioUnderTest['events'] = [];
  const stopAlarms = driveAlarms(timers, monotonicClock, (error) => faults.push(error));
  const engine = new DrachtioEngine({
    host: '127.0.0.1',
    ...server,
    clock: monotonicClock,
    timers,
    random: systemRandom,
    emit: (event) => events.push(event),
    userAgent: 'contract',
    admission: ({ remote }) => (remote.address === '127.0.0.9' ? 'ignore' : 'admit'),
    onFault: (error) => faults.push(error),
    ...options,
  });
  engine.start();
  return {
    engine,
    faults,
    events,
    async stop() {
      engine.abandon();
      stopAlarms();
    },
  };
}

/** Waits until the server has taken the secret. */
export async function connected({ engine, events }: DrachtioUnderTest): Promise<void> {
  await eventually(`drachtio is connected: ${JSON.stringify(events)}`, 15_000, () => engine.isUp);
}
