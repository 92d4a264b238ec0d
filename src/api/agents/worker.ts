import {
  type AvailabilityResponse,
  type JobType,
  ParticipantPermission,
  RegisterWorkerResponse,
  ServerInfo,
  ServerInfo_Edition,
  ServerMessage,
  type SimulateJobRequest,
  type UpdateJobStatus,
  WorkerMessage,
  WorkerPong,
  WorkerStatus,
} from '@livekit/protocol';
import type { Clock, Millis, WallClock } from '../../base/clock.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type { SignalSocket } from '../../peer/context.ts';

/** LiveKit's own: how long a worker may take to say who it is, ms. */
const REGISTER_MS: Millis = 10_000;
/** Messages of one worker: a busy one tells its load every few seconds and answers each job. */
const RATE = { perSecond: 50, burst: 500 };
/** Unsent bytes at which a worker that does not read is given up. */
const MAX_QUEUED = 1024 * 1024;
const MAX_NAME = 256;
const AGENT_PROTOCOL = 1;

/** What sort of jobs a worker takes; jobs are given to workers of the very same sort. */
export interface WorkerSort {
  readonly type: JobType;
  /** Empty: it takes what is dispatched to nobody by name. */
  readonly agentName: string;
  readonly namespace: string;
  readonly deployment: string;
}

/** What a worker tells whoever has jobs. */
export interface WorkerOwner {
  registered(worker: AgentWorker): void;
  /** It takes jobs again, or has less to do. */
  available(worker: AgentWorker): void;
  answered(worker: AgentWorker, response: AvailabilityResponse): void;
  updated(worker: AgentWorker, update: UpdateJobStatus): void;
  simulated(worker: AgentWorker, request: SimulateJobRequest): void;
  gone(worker: AgentWorker): void;
}

export interface WorkerOptions {
  readonly id: string;
  /** The API key that let the worker in: its jobs' tokens are signed with it. */
  readonly key: string;
  readonly version: string;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly owner: WorkerOwner;
  /** Bad input by its name, to be counted. */
  drop(reason: string): void;
}

type State =
  | { readonly name: 'unregistered'; readonly deadline: Alarm }
  | { readonly name: 'registered'; readonly sort: WorkerSort; readonly permissions: ParticipantPermission }
  | { readonly name: 'closed' };

/** One worker of LiveKit's agents framework (livekit_agent.proto): the gateway's end of its WebSocket. */
export class AgentWorker {
  readonly id: string;
  readonly key: string;
  readonly #socket: SignalSocket;
  readonly #options: WorkerOptions;
  readonly #rate: TokenBucket;
  #state: State;
  #form: 'binary' | 'json' = 'binary';
  #status: WorkerStatus = WorkerStatus.WS_AVAILABLE;
  #load = 0;

  constructor(socket: SignalSocket, options: WorkerOptions) {
    const { clock, timers } = options;
    this.id = options.id;
    this.key = options.key;
    this.#socket = socket;
    this.#options = options;
    this.#rate = new TokenBucket(RATE, clock.now());
    const deadline = timers.schedule(clock.now() + REGISTER_MS, () => this.#refuse('agent-unregistered'));
    this.#state = { name: 'unregistered', deadline };
  }

  /** Undefined until it has registered, and when it is gone. */
  get sort(): WorkerSort | undefined {
    return this.#state.name === 'registered' ? this.#state.sort : undefined;
  }

  /** What its agents may do in rooms. */
  get permissions(): ParticipantPermission {
    return this.#state.name === 'registered' ? this.#state.permissions : usualPermissions();
  }

  /** How much more it can do, 0 … 1; 0: it wants no jobs. */
  get room(): number {
    if (this.#state.name !== 'registered' || this.#status !== WorkerStatus.WS_AVAILABLE) return 0;
    return Math.min(1, Math.max(0, 1 - this.#load));
  }

  /** Part of the gate's session. */
  start(): void {}

  /** A frame: bytes are protobuf, text is JSON. It is answered in the same form. */
  message(data: Uint8Array | string): void {
    if (this.#state.name === 'closed') return;
    const { clock, drop } = this.#options;
    if (!this.#rate.take(clock.now())) {
      this.#refuse('agent-too-many-messages');
      return;
    }
    this.#form = typeof data === 'string' ? 'json' : 'binary';
    const message = readMessage(data);
    if (message === undefined) {
      drop('agent-malformed');
      return;
    }
    this.#handle(message);
  }

  /** The WebSocket is gone. */
  closed(): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    this.#state = { name: 'closed' };
    if (state.name === 'unregistered') this.#options.timers.cancel(state.deadline);
    else this.#options.owner.gone(this);
  }

  send(message: ServerMessage['message']): void {
    if (this.#state.name === 'closed') return;
    if (this.#socket.queued > MAX_QUEUED) {
      this.#refuse('agent-does-not-read');
      return;
    }
    const frame = new ServerMessage({ message });
    this.#socket.send(this.#form === 'json' ? frame.toJsonString() : frame.toBinary());
  }

  /** Hangs up: it registers anew, here or elsewhere. */
  close(): void {
    this.#socket.close(1001, 'the gateway is stopping');
    this.closed();
  }

  #handle({ message }: WorkerMessage): void {
    const { drop, owner, wall } = this.#options;
    if (message.case === 'ping') {
      const timestamp = BigInt(Math.floor(wall.unixMs()));
      const value = new WorkerPong({ lastTimestamp: message.value.timestamp, timestamp });
      this.send({ case: 'pong', value });
      return;
    }
    if (this.#state.name !== 'registered') {
      if (message.case === 'register') this.#register(message.value);
      else drop('agent-not-registered');
      return;
    }
    switch (message.case) {
      case 'availability':
        owner.answered(this, message.value);
        return;
      case 'updateWorker': {
        const { load, status } = message.value;
        if (status !== undefined) this.#status = status;
        this.#load = Number.isFinite(load) ? load : 1;
        if (this.room > 0) owner.available(this);
        return;
      }
      case 'updateJob':
        owner.updated(this, message.value);
        return;
      case 'simulateJob':
        owner.simulated(this, message.value);
        return;
      default:
        // To be moved to another worker: LiveKit's own server does not do it either.
        drop('agent-unexpected');
        return;
    }
  }

  #register(request: Extract<WorkerMessage['message'], { case: 'register' }>['value']): void {
    if (this.#state.name !== 'unregistered') return;
    const { agentName, allowedPermissions, deployment, namespace = '', type } = request;
    if ([agentName, deployment, namespace].some(({ length }) => length > MAX_NAME)) {
      this.#refuse('agent-name-too-long');
      return;
    }
    this.#options.timers.cancel(this.#state.deadline);
    this.#state = {
      name: 'registered',
      sort: { type, agentName, namespace, deployment },
      permissions: allowedPermissions ?? usualPermissions(),
    };
    const { version } = this.#options;
    const serverInfo = new ServerInfo({
      ...{ edition: ServerInfo_Edition.Standard, version, agentProtocol: AGENT_PROTOCOL },
    });
    this.send({
      case: 'register',
      value: new RegisterWorkerResponse({ workerId: this.id, serverInfo }),
    });
    this.#options.owner.registered(this);
  }

  #refuse(reason: string): void {
    this.#options.drop(reason);
    this.#socket.close(1008, reason);
    this.closed();
  }
}

function readMessage(data: Uint8Array | string): WorkerMessage | undefined {
  try {
    return typeof data === 'string'
      ? WorkerMessage.fromJsonString(data, { ignoreUnknownFields: true })
      : WorkerMessage.fromBinary(data);
  } catch {
    // protobuf's way of saying that the frame is no such message
    return undefined;
  }
}

/** LiveKit: what a worker's agents may do when it does not say. */
function usualPermissions(): ParticipantPermission {
  return new ParticipantPermission({
    ...{ canSubscribe: true, canPublish: true, canPublishData: true, canUpdateMetadata: true },
  });
}
