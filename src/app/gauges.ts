import type { GatewayGauges } from '../adapters/metrics/metrics.ts';
import type { SignalGate } from '../adapters/websocket/signal-gate.ts';
import type { WakeQueue } from '../base/wake-queue.ts';
import type { PhoneDoor } from '../call/phone-door.ts';
import type { WorkerGauges } from '../media/protocol.ts';
import type { MediaWorkers } from '../room/media-workers.ts';
import type { Rooms } from '../room/rooms.ts';
import type { SipEngine } from '../sip/ports.ts';
import type { Outbound } from './outbound.ts';
import type { TurnService } from './turn-service.ts';

/** A worker that does not answer for so long is stuck; the scrape must not be. */
const ANSWER_MS = 500;

/** Counts everything that is alive, in all threads, at each asking. */
export function gatewayGauges(parts: {
  timers: WakeQueue;
  phones: PhoneDoor;
  outbound: Outbound;
  sip: Pick<SipEngine, 'gauges'>;
  rooms: Rooms;
  workers: MediaWorkers;
  turn: TurnService;
  gate: SignalGate;
}): () => Promise<GatewayGauges> {
  const { timers, phones, outbound, sip, rooms, workers, turn, gate } = parts;
  return async () => {
    const media = await askWorkers(workers);
    const signaling = sip.gauges();
    return {
      // A dialog may outlive its call by an unanswered BYE: both count.
      calls: Math.max(phones.size + outbound.dialer.size, signaling.calls),
      ...outbound.gauges(),
      sipTransactions: signaling.transactions,
      sipConnections: signaling.connections,
      ...rooms.gauges(),
      legs: media.legs,
      rtpPorts: media.rtpPorts,
      transports: media.transports,
      receivers: media.receivers,
      senders: media.senders,
      signalConnections: gate.connections,
      turnAllocations: turn.allocations(),
      alarms: timers.size + media.alarms,
      // SIP's own beside the workers' and TURN's.
      sockets: media.sockets + turn.sockets() + 1,
      workers: workers.size,
    };
  };
}

function askWorkers(workers: MediaWorkers): Promise<WorkerGauges> {
  return new Promise((resolve, reject) => {
    const stuck = setTimeout(() => reject(new Error('a media worker does not answer')), ANSWER_MS);
    workers.askGauges((sum) => {
      clearTimeout(stuck);
      resolve(sum);
    });
  });
}
