import {
  AvailabilityRequest,
  type AvailabilityResponse,
  type Job,
  JobAssignment,
  JobState,
  JobStatus,
  JobTermination,
  type ParticipantPermission,
  type UpdateJobStatus,
} from '@livekit/protocol';
import type { Clock, Millis, WallClock } from '../../base/clock.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type { EventSink } from '../../events/index.ts';
import type { AgentWorker } from './worker.ts';
import type { WorkerPool } from './worker-pool.ts';

/** LiveKit's own: how long a worker may take to say whether it takes a job, ms. */
const ANSWER_MS: Millis = 10_000;
/** How long a job waits for a worker when there is none: workers come back to a gateway that was restarted within that time. */
const WAIT_MS: Millis = 30_000;
/** Jobs that are not over. */
const MAX_JOBS = 10_000;
const MAX_TEXT = 65_536;

/** Whom a job's token lets in. */
export interface AgentPass {
  /** The API key to sign with. */
  readonly key: string;
  readonly room: string;
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permissions: ParticipantPermission;
}

export interface AgentJobsOptions {
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** Signs a job's token. */
  pass(wish: AgentPass): Promise<string>;
  onFault(error: unknown): void;
}

/** Where a job stands. `waiting`: for any worker; `asked`: for one's answer. */
type Stage =
  | { readonly name: 'waiting'; readonly alarm: Alarm }
  | { readonly name: 'asked'; readonly worker: AgentWorker; readonly alarm: Alarm }
  | { readonly name: 'running'; readonly worker: AgentWorker };

interface Entry {
  readonly job: Job;
  readonly state: JobState;
  /** Workers that did not take it. */
  readonly tried: Set<AgentWorker>;
  readonly until: Millis;
  stage: Stage | undefined;
}

/** Jobs of agents, from their beginning to their end: offered to one worker after the other, then run by one. */
export class AgentJobs {
  readonly #options: AgentJobsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: AgentJobsOptions) {
    this.#options = options;
  }

  /** Jobs that are not over. */
  get size(): number {
    return this.#entries.size;
  }

  /** A job that is not over, or of whose end is being told. */
  find(id: string): Job | undefined {
    return this.#entries.get(id)?.job;
  }

  /** Offers a job to workers of its sort; `job.state` tells from now on how it goes. */
  launch(job: Job): void {
    const entry = this.#enter(job, this.#options.clock.now() + WAIT_MS);
    if (entry !== undefined) this.#offer(entry);
  }

  /** Offers a job that nobody dispatched to this very worker; it ends with it at the latest. */
  launchAt(job: Job, worker: AgentWorker): void {
    const entry = this.#enter(job, 0);
    if (entry !== undefined) this.#ask(entry, worker);
  }

  /** Undefined: there are too many. */
  #enter(job: Job, until: Millis): Entry | undefined {
    const state = new JobState({ status: JobStatus.JS_PENDING, updatedAt: this.#nanos() });
    job.state = state;
    if (this.#entries.size >= MAX_JOBS) {
      state.status = JobStatus.JS_FAILED;
      state.error = 'too many jobs';
      return undefined;
    }
    const entry: Entry = { job, state, tried: new Set(), until, stage: undefined };
    this.#entries.set(job.id, entry);
    return entry;
  }

  /** A worker has come, or can take more: it is offered what waits. */
  offerWaiting(): void {
    for (const entry of this.#entries.values()) if (entry.stage?.name === 'waiting') this.#offer(entry);
  }

  /** A worker says whether it takes a job. */
  answered(worker: AgentWorker, response: AvailabilityResponse): void {
    const entry = this.#entries.get(response.jobId);
    if (entry?.stage?.name !== 'asked' || entry.stage.worker !== worker) return;
    this.#options.timers.cancel(entry.stage.alarm);
    entry.stage = undefined;
    if (response.terminate) this.#end(entry, JobStatus.JS_SUCCESS, '');
    else if (!response.available || !fits(response)) this.#offer(entry);
    else this.#assign(entry, worker, response);
  }

  /** A worker tells how one of its jobs goes. */
  updated(worker: AgentWorker, { error, jobId, status }: UpdateJobStatus): void {
    const entry = this.#entries.get(jobId);
    if (entry?.stage?.name !== 'running' || entry.stage.worker !== worker) return;
    entry.state.updatedAt = this.#nanos();
    if (status === JobStatus.JS_SUCCESS || status === JobStatus.JS_FAILED)
      this.#end(entry, status, error.slice(0, MAX_TEXT));
    else entry.state.status = status;
  }

  /** Ends a job, and tells its worker. */
  terminate(id: string, status: JobStatus.JS_SUCCESS | JobStatus.JS_FAILED, error: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { stage } = entry;
    if (stage?.name === 'running')
      stage.worker.send({ case: 'termination', value: new JobTermination({ jobId: id }) });
    this.#end(entry, status, error);
  }

  /**
   * A worker is gone. What it was asked goes to another one; what it runs goes on, for its agents have connections of
   * their own: they end with their participants. Those that nobody dispatched, nobody would end.
   */
  lost(worker: AgentWorker): void {
    for (const entry of [...this.#entries.values()]) {
      entry.tried.delete(worker);
      if (entry.stage === undefined || entry.stage.name === 'waiting' || entry.stage.worker !== worker)
        continue;
      if (entry.job.dispatchId === '') {
        this.#end(entry, JobStatus.JS_FAILED, 'its worker is gone');
        continue;
      }
      if (entry.stage.name === 'running') continue;
      this.#options.timers.cancel(entry.stage.alarm);
      entry.stage = undefined;
      this.#offer(entry);
    }
  }

  #offer(entry: Entry): void {
    const { clock, pool, timers } = this.#options;
    const { agentName, deployment, namespace, type } = entry.job;
    const worker = pool.pick({ agentName, deployment, namespace, type }, entry.tried);
    if (worker !== undefined) {
      this.#ask(entry, worker);
      return;
    }
    if (entry.stage?.name === 'waiting') return;
    if (clock.now() >= entry.until) {
      this.#end(entry, JobStatus.JS_FAILED, 'no worker is available');
      return;
    }
    const alarm = timers.schedule(entry.until, () =>
      this.#end(entry, JobStatus.JS_FAILED, 'no worker is available'),
    );
    entry.stage = { name: 'waiting', alarm };
  }

  #ask(entry: Entry, worker: AgentWorker): void {
    const { clock, timers } = this.#options;
    if (entry.stage?.name === 'waiting') timers.cancel(entry.stage.alarm);
    entry.tried.add(worker);
    const alarm = timers.schedule(clock.now() + ANSWER_MS, () => {
      entry.stage = undefined;
      this.#offer(entry);
    });
    entry.stage = { name: 'asked', worker, alarm };
    entry.state.workerId = worker.id;
    entry.state.updatedAt = this.#nanos();
    worker.send({ case: 'availability', value: new AvailabilityRequest({ job: entry.job }) });
  }

  #assign(entry: Entry, worker: AgentWorker, response: AvailabilityResponse): void {
    const { job, state } = entry;
    const room = job.room?.name ?? '';
    const identity = response.participantIdentity || `agent-${job.id}`;
    state.status = JobStatus.JS_RUNNING;
    state.participantIdentity = identity;
    state.startedAt = this.#nanos();
    state.updatedAt = state.startedAt;
    entry.stage = { name: 'running', worker };
    this.#tell(entry, 'running');
    const wish: AgentPass = {
      ...{ key: worker.key, room, identity },
      name: response.participantName,
      metadata: response.participantMetadata,
      attributes: { ...response.participantAttributes, 'lk.agent_name': job.agentName },
      permissions: worker.permissions,
    };
    this.#options.pass(wish).then(
      (token) => {
        // Its room may have closed meanwhile.
        if (this.#entries.has(job.id))
          worker.send({ case: 'assignment', value: new JobAssignment({ job, token }) });
      },
      (error: unknown) => {
        this.#options.onFault(error);
        this.#end(entry, JobStatus.JS_FAILED, 'no token could be made');
      },
    );
  }

  #end(entry: Entry, status: JobStatus, error: string): void {
    const { job, stage, state } = entry;
    if (!this.#entries.has(job.id)) return;
    if (stage?.name === 'waiting' || stage?.name === 'asked') this.#options.timers.cancel(stage.alarm);
    state.status = status;
    state.error = error;
    state.endedAt = this.#nanos();
    state.updatedAt = state.endedAt;
    // It can be found until it is told of.
    this.#tell(entry, status === JobStatus.JS_SUCCESS ? 'ended' : 'failed');
    this.#entries.delete(job.id);
  }

  #tell({ job, state }: Entry, news: 'running' | 'ended' | 'failed'): void {
    this.#options.emit({
      type: 'agent.job',
      state: news,
      job: job.id,
      room: job.room?.name ?? '',
      agentName: job.agentName,
      worker: state.workerId,
      identity: state.participantIdentity,
      reason: state.error,
    });
  }

  #nanos(): bigint {
    return BigInt(Math.floor(this.#options.wall.unixMs())) * 1_000_000n;
  }
}

/** A worker that says too much of its agent did not say that it takes the job. */
function fits({ participantIdentity, participantMetadata, participantName }: AvailabilityResponse): boolean {
  return (
    participantIdentity.length <= 256 &&
    participantName.length <= 256 &&
    participantMetadata.length <= MAX_TEXT
  );
}
