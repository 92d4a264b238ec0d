import { driveAlarms, monotonicClock } from '../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { SipServer } from '../../src/app/sip-server.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { sipEngineContract } from './sip-engine.ts';

sipEngineContract('the embedded engine', async () => {
  const timers = new WakeQueue();
  const faults: unknown[] = [];
  const stopAlarms = driveAlarms(timers, monotonicClock, (error) => faults.push(error));
  const server = await SipServer.open({
    clock: monotonicClock,
    timers,
    random: systemRandom,
    emit: () => {},
    userAgent: 'contract',
    listen: { address: '127.0.0.1', port: 0 },
    announced: ['127.0.0.1'],
    admission: ({ remote }) => (remote.address === '127.0.0.9' ? 'ignore' : 'admit'),
    contact: () => ({ address: '127.0.0.1', port: server.port }),
    onFault: (error) => faults.push(error),
  });
  return {
    engine: server.endpoint,
    port: server.port,
    faults,
    async stop() {
      await server.close();
      stopAlarms();
    },
  };
});
