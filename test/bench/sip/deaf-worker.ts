/** A media worker that is deaf and dumb: it gives ports and takes them back, so that only signaling is measured. */
import { parentPort } from 'node:worker_threads';
import { type Crossing, outbox } from '../../../src/adapters/worker/crossing.ts';
import type { MediaCommand, MediaEvent } from '../../../src/media/protocol.ts';

const events = outbox<MediaEvent>((batch) => parentPort?.postMessage(batch));
const quality = { packetsIn: 0, packetsOut: 0, lost: 0, concealed: 0, late: 0, jitterMs: 0 };

parentPort?.on('message', (commands: Crossing<MediaCommand>) => {
  for (const { type, ...command } of commands) {
    const leg = 'leg' in command ? command.leg : '';
    if (type === 'leg.open') events.send({ type: 'leg.opened', leg, port: 12_000 });
    else if (type === 'leg.close') events.send({ type: 'leg.closed', leg, quality });
    else if (type === 'worker.stop') parentPort?.close();
  }
});
events.send({
  type: 'worker.ready',
  icePort: 7882,
  fingerprint: { algorithm: 'sha-256', value: 'AA' },
  engines: { dtls: 'werift', srtp: 'typescript', sockets: 'node' },
});
