import { JobType, ParticipantPermission, ServerMessage, WorkerMessage } from '@livekit/protocol';
import { Agents } from '../../../src/api/agents/agents.ts';
import type { AgentPass } from '../../../src/api/agents/jobs.ts';
import type { AgentWorker } from '../../../src/api/agents/worker.ts';
import type { RoomAgent } from '../../../src/room/wish.ts';
import { Rig } from '../peer/rig.ts';

/** Agents over real rooms, in virtual time. */
export class AgentRig extends Rig {
  readonly passes: AgentPass[] = [];
  readonly agents: Agents;

  constructor() {
    super();
    this.agents = new Agents({
      ...this.context,
      rooms: this.rooms,
      version: '1.9.0',
      pass: (wish) => {
        this.passes.push(wish);
        return Promise.resolve(`token of ${wish.identity}`);
      },
      onFault: (error) => this.faults.push(error),
    });
    this.listeners.push(this.agents.dispatches.sink);
  }

  get jobs(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'agent.job' ? [`${event.state}${event.reason && `: ${event.reason}`}`] : [],
    );
  }
}

/** An agent as CreateRoom names it. */
export const agent = (agentName: string): RoomAgent => ({
  ...{ agentName, metadata: `for ${agentName}`, deployment: '', attributes: {}, restartPolicy: 0 },
});

export interface WorkerWish {
  readonly agentName?: string;
  readonly namespace?: string;
  readonly type?: JobType;
  readonly hidden?: boolean;
  readonly form?: 'binary' | 'json';
}

/** A worker at the other end of its WebSocket. */
export class Worker {
  readonly received: ServerMessage['message'][] = [];
  readonly closes: number[] = [];
  readonly #session: AgentWorker;
  readonly #form: 'binary' | 'json';

  constructor(rig: AgentRig, { form = 'binary', ...wish }: WorkerWish | { readonly form: 'silent' } = {}) {
    this.#form = form === 'json' ? 'json' : 'binary';
    this.#session = rig.agents.open(
      {
        source: '127.0.0.1',
        queued: 0,
        send: (frame) => {
          const read =
            typeof frame === 'string' ? ServerMessage.fromJsonString(frame) : ServerMessage.fromBinary(frame);
          this.received.push(read.message);
        },
        close: (code) => {
          this.closes.push(code);
        },
      },
      'devkey',
    );
    if (form !== 'silent') this.#register(wish);
  }

  #register({ agentName = '', hidden = false, namespace, type = JobType.JT_ROOM }: WorkerWish): void {
    const allowedPermissions = new ParticipantPermission({ canPublish: true, canSubscribe: true, hidden });
    const value = { type, agentName, allowedPermissions, ...(namespace !== undefined && { namespace }) };
    this.say(new WorkerMessage({ message: { case: 'register', value } } as never));
  }

  say(message: WorkerMessage): void {
    this.#session.message(this.#form === 'json' ? message.toJsonString() : message.toBinary());
  }

  raw(frame: Uint8Array | string): void {
    this.#session.message(frame);
  }

  /** Takes or refuses the job that it was asked last. */
  answer(available: boolean, identity = 'agent-1'): void {
    const jobId = this.asked.at(-1)?.id ?? '';
    const value = { jobId, available, participantIdentity: identity, participantName: 'Echo' };
    this.say(new WorkerMessage({ message: { case: 'availability', value } } as never));
  }

  /** Jobs that it was asked to take. */
  get asked() {
    return this.received.flatMap((message) =>
      message.case === 'availability' && message.value.job ? [message.value.job] : [],
    );
  }

  kinds(): (string | undefined)[] {
    return this.received.map(({ case: kind }) => kind);
  }

  hangUp(): void {
    this.#session.closed();
  }
}
