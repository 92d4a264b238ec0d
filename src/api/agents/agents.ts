import {
  type AvailabilityResponse,
  Job,
  JobType,
  type SimulateJobRequest,
  type UpdateJobStatus,
} from '@livekit/protocol';
import type { Clock, WallClock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { Timers } from '../../base/wake-queue.ts';
import type { EventSink } from '../../events/index.ts';
import type { SignalSocket } from '../../peer/context.ts';
import type { RoomAdministration } from '../../room/administration.ts';
import { AgentDispatches } from './dispatches.ts';
import { AgentJobs, type AgentPass } from './jobs.ts';
import { AgentWorker, type WorkerOwner } from './worker.ts';
import { WorkerPool } from './worker-pool.ts';

export interface AgentsOptions {
  readonly rooms: RoomAdministration;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  /** Of the LiveKit server whose behaviour we have. */
  readonly version: string;
  /** Signs an agent's token. */
  pass(wish: AgentPass): Promise<string>;
  onFault(error: unknown): void;
}

/** All of LiveKit's agents: workers, dispatches and jobs. */
export class Agents implements WorkerOwner {
  readonly dispatches: AgentDispatches;
  readonly #options: AgentsOptions;
  readonly #pool: WorkerPool;
  readonly #jobs: AgentJobs;

  constructor(options: AgentsOptions) {
    this.#options = options;
    const { random, rooms, wall } = options;
    this.#pool = new WorkerPool(random);
    this.#jobs = new AgentJobs({ ...options, pool: this.#pool });
    this.dispatches = new AgentDispatches({ rooms, wall, random, jobs: this.#jobs, pool: this.#pool });
  }

  /** A job by its id, while an event tells of it. */
  readonly job = (id: string): Job | undefined => this.#jobs.find(id);

  /** Workers that have registered, and jobs that are not over. */
  gauges(): { workers: number; jobs: number } {
    return { workers: this.#pool.size, jobs: this.#jobs.size };
  }

  /** The gateway's end of a worker's WebSocket, let in by this API key. */
  open(socket: SignalSocket, key: string): AgentWorker {
    const { clock, emit, random, timers, version, wall } = this.#options;
    return new AgentWorker(socket, {
      ...{ key, version, clock, wall, timers, owner: this },
      id: newId(random, 'AW'),
      drop: (reason) => emit({ type: 'dropped', where: 'signal', reason, count: 1 }),
    });
  }

  /** Hangs up on every worker: they register anew elsewhere, or here when the gateway is back. */
  close(): void {
    for (const worker of this.#pool) worker.close();
  }

  registered(worker: AgentWorker): void {
    this.#pool.add(worker);
    this.#tell(worker, 'registered');
    this.#jobs.offerWaiting();
  }

  available(): void {
    this.#jobs.offerWaiting();
  }

  answered(worker: AgentWorker, response: AvailabilityResponse): void {
    this.#jobs.answered(worker, response);
  }

  updated(worker: AgentWorker, update: UpdateJobStatus): void {
    this.#jobs.updated(worker, update);
  }

  /** A developer's wish: this worker gets a job of a room, whatever is dispatched there. */
  simulated(worker: AgentWorker, { participant, room }: SimulateJobRequest): void {
    if (worker.sort === undefined || room === undefined) return;
    const { agentName, deployment, namespace } = worker.sort;
    const job = new Job({
      ...{ agentName, deployment, namespace, room, id: newId(this.#options.random, 'AJ') },
      type: participant === undefined ? JobType.JT_ROOM : JobType.JT_PUBLISHER,
      ...(participant !== undefined && { participant }),
    });
    this.#jobs.launchAt(job, worker);
  }

  gone(worker: AgentWorker): void {
    this.#tell(worker, 'gone');
    this.#pool.remove(worker);
    this.#jobs.lost(worker);
  }

  #tell(worker: AgentWorker, state: 'registered' | 'gone'): void {
    const agentName = worker.sort?.agentName ?? '';
    this.#options.emit({ type: 'agent.worker', state, worker: worker.id, agentName });
  }
}
