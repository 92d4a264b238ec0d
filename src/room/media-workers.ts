import type { EventSink } from '../events/index.ts';
import type {
  Fingerprint,
  MediaCommand,
  MediaEvent,
  MediaWorkerPort,
  RoomId,
  WorkerCounts,
  WorkerGauges,
} from '../media/protocol.ts';

/** A media worker that listens: where its rooms live. */
export interface MediaWorker {
  readonly index: number;
  readonly icePort: number;
  readonly fingerprint: Fingerprint;
  rooms: number;
  send(command: MediaCommand): void;
}

type Listener = (event: MediaEvent) => void;

interface GaugesQuestion {
  readonly open: Set<MediaWorker>;
  readonly sum: { -readonly [key in keyof WorkerGauges]: number };
  readonly answered: (sum: WorkerGauges) => void;
}

const noGauges: WorkerGauges = {
  rooms: 0,
  legs: 0,
  transports: 0,
  receivers: 0,
  senders: 0,
  rtpPorts: 0,
  sockets: 0,
  alarms: 0,
};

/**
 * All media workers and the routing of their events: what is said of a leg or a transport goes to its door, what is
 * said of a room to the room, and what is said of the worker itself becomes a {@link EventSink} event or a gauge.
 */
export class MediaWorkers {
  readonly #workers: MediaWorker[] = [];
  readonly #doors = new Map<string, Listener>();
  readonly #rooms = new Map<RoomId, Listener>();
  readonly #questions: GaugesQuestion[] = [];
  readonly #emit: EventSink;
  /** Summed packet counts, for the metrics. */
  onCounts: (counts: WorkerCounts) => void = () => {};
  /** A bug in a worker that cost a call or a room. */
  onFault: (doing: string, error: unknown) => void = () => {};
  /** A worker is gone, with every room in it. */
  onFailed: (worker: MediaWorker) => void = () => {};

  constructor(emit: EventSink) {
    this.#emit = emit;
  }

  /** Takes a worker in once it is ready; its events are routed from now on. */
  add(port: MediaWorkerPort, ready: { icePort: number; fingerprint: Fingerprint }): void {
    const worker: MediaWorker = {
      index: this.#workers.length,
      icePort: ready.icePort,
      fingerprint: ready.fingerprint,
      rooms: 0,
      send: (command) => port.send(command),
    };
    this.#workers.push(worker);
    port.onEvent = (event) => {
      try {
        this.#route(worker, event);
      } catch (error) {
        // A bug in one door must not keep the others from hearing.
        this.onFault(event.type, error);
      }
    };
  }

  /** The worker with the fewest rooms; undefined when there is none. */
  leastLoaded(): MediaWorker | undefined {
    let least: MediaWorker | undefined;
    for (const worker of this.#workers) if (least === undefined || worker.rooms < least.rooms) least = worker;
    return least;
  }

  /** Always the same one, while it lives. */
  get first(): MediaWorker | undefined {
    return this.#workers[0];
  }

  /** Events that name this leg or transport go to `listener`. */
  listen(id: string, listener: Listener): void {
    this.#doors.set(id, listener);
  }

  unlisten(id: string): void {
    this.#doors.delete(id);
  }

  listenRoom(room: RoomId, listener: Listener): void {
    this.#rooms.set(room, listener);
  }

  unlistenRoom(room: RoomId): void {
    this.#rooms.delete(room);
  }

  /** Asks every worker for its numbers and answers the sum, once all that live have told. */
  askGauges(answered: (sum: WorkerGauges) => void): void {
    if (this.#workers.length === 0) {
      answered(noGauges);
      return;
    }
    this.#questions.push({ open: new Set(this.#workers), sum: { ...noGauges }, answered });
    for (const worker of this.#workers) worker.send({ type: 'gauges.ask' });
  }

  /** How many workers live. */
  get size(): number {
    return this.#workers.length;
  }

  #toldGauges(worker: MediaWorker, gauges: WorkerGauges): void {
    // Workers answer in the order of asking: this is for the first question that waits for them.
    const question = this.#questions.find(({ open }) => open.has(worker));
    if (question === undefined) return;
    for (const key of Object.keys(noGauges) as (keyof WorkerGauges)[]) question.sum[key] += gauges[key];
    question.open.delete(worker);
    if (question.open.size > 0) return;
    this.#questions.splice(this.#questions.indexOf(question), 1);
    question.answered(question.sum);
  }

  #route(worker: MediaWorker, event: MediaEvent): void {
    switch (event.type) {
      case 'leg.opened':
      case 'leg.failed':
      case 'leg.heard':
      case 'leg.spoke':
      case 'leg.digit':
      case 'leg.played':
      case 'leg.silent':
      case 'leg.quality':
      case 'leg.closed':
        this.#doors.get(event.leg)?.(event);
        return;
      case 'track.played':
        this.#doors.get(event.track)?.(event);
        return;
      case 'transport.connected':
      case 'transport.path':
      case 'transport.quality':
      case 'sender.state':
      case 'transport.failed':
      case 'data.opened':
      case 'data.received':
        this.#doors.get(event.transport)?.(event);
        return;
      case 'speakers':
        this.#rooms.get(event.room)?.(event);
        return;
      case 'dropped':
        this.#emit({ type: 'dropped', where: event.where, reason: event.reason, count: event.count });
        return;
      case 'counts':
        this.onCounts(event.counts);
        return;
      case 'gauges':
        this.#toldGauges(worker, event.gauges);
        return;
      case 'worker.failed':
        this.#remove(worker);
        this.#emit({ type: 'worker.failed', worker: worker.index, reason: event.reason });
        this.onFailed(worker);
        return;
      case 'worker.fault':
        this.onFault(event.doing, event.error);
        return;
      case 'worker.ready':
      case 'worker.stopped':
        return;
    }
  }

  #remove(worker: MediaWorker): void {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#workers.splice(at, 1);
    // What a dead worker held is gone: it answers nothing, and nothing waits for it.
    for (const question of [...this.#questions])
      if (question.open.has(worker)) this.#toldGauges(worker, noGauges);
  }
}
