import { AgentDispatch, AgentDispatchState, Job, JobStatus, JobType } from '@livekit/protocol';
import type { WallClock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { EventSink, GatewayEvent } from '../../events/index.ts';
import { participantInfo, roomInfo } from '../../peer/livekit-info.ts';
import type { RoomAdministration } from '../../room/administration.ts';
import type { Participant } from '../../room/participant.ts';
import type { RoomAgent } from '../../room/wish.ts';
import type { AgentJobs } from './jobs.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Dispatches that one room may have. */
const MAX_DISPATCHES = 64;
/** Jobs that one dispatch remembers: those that are over go first. */
const MAX_REMEMBERED = 200;
/** LiveKit: a room that names no agent wants those that have no name. */
const NAMELESS: RoomAgent = { agentName: '', metadata: '', deployment: '', attributes: {}, restartPolicy: 0 };

export interface AgentDispatchesOptions {
  readonly rooms: RoomAdministration;
  readonly jobs: AgentJobs;
  readonly pool: WorkerPool;
  readonly wall: WallClock;
  readonly random: Random;
}

/** What is dispatched into one room, and who has published there. */
interface RoomEntry {
  readonly dispatches: Map<string, AgentDispatch>;
  readonly published: Set<string>;
}

/**
 * Which agents each room shall have (LiveKit's agent dispatch). A dispatch makes jobs: one for the room, one for each
 * participant, one for each who publishes; workers take those of their sort.
 */
export class AgentDispatches {
  readonly #options: AgentDispatchesOptions;
  readonly #rooms = new Map<string, RoomEntry>();

  constructor(options: AgentDispatchesOptions) {
    this.#options = options;
  }

  /** How many rooms are held, for tests. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Rooms and participants come and go by this. */
  readonly sink: EventSink = (event) => {
    switch (event.type) {
      case 'room.opened':
        return this.#opened(event.room);
      case 'room.closed':
        return this.#closed(event.room);
      case 'participant.joined':
        return this.#joined(event.room, event.identity);
      case 'track.published':
        return this.#published(event.room, event.participant);
      case 'participant.left':
        return this.#left(event);
      default:
        return;
    }
  };

  /** Dispatches an agent into a room that is there. Undefined: it has too many already. */
  create(roomName: string, agent: RoomAgent): AgentDispatch | undefined {
    const entry = this.#rooms.get(roomName);
    const room = this.#options.rooms.find(roomName);
    if (entry === undefined || room === undefined) return undefined;
    const dispatch = this.#add(entry, roomName, agent);
    if (dispatch === undefined) return undefined;
    this.#launch(dispatch, JobType.JT_ROOM);
    for (const participant of room.participants.values()) {
      if (participant.tracks.size > 0) this.#launch(dispatch, JobType.JT_PUBLISHER, participant);
      this.#launch(dispatch, JobType.JT_PARTICIPANT, participant);
    }
    return dispatch;
  }

  /** Ends a dispatch and its jobs, and puts their agents out. Undefined: there is none of this id. */
  delete(roomName: string, id: string): AgentDispatch | undefined {
    const entry = this.#rooms.get(roomName);
    const dispatch = entry?.dispatches.get(id);
    if (entry === undefined || dispatch === undefined) return undefined;
    entry.dispatches.delete(id);
    const room = this.#options.rooms.find(roomName);
    for (const job of dispatch.state?.jobs ?? []) {
      const running = job.state?.status === JobStatus.JS_RUNNING;
      this.#options.jobs.terminate(job.id, JobStatus.JS_SUCCESS, '');
      const agent = room?.participants.get(job.state?.participantIdentity ?? '');
      if (running && agent?.kind === 'agent') room?.remove(agent, 'participant_removed');
    }
    if (dispatch.state) dispatch.state.deletedAt = this.#nanos();
    return dispatch;
  }

  /** A room's dispatches, or the one of this id. */
  list(roomName: string, id: string): AgentDispatch[] {
    const dispatches = [...(this.#rooms.get(roomName)?.dispatches.values() ?? [])];
    return dispatches.filter((dispatch) => id === '' || dispatch.id === id);
  }

  #opened(roomName: string): void {
    const room = this.#options.rooms.find(roomName);
    if (room === undefined) return;
    const entry: RoomEntry = { dispatches: new Map(), published: new Set() };
    this.#rooms.set(roomName, entry);
    const agents = room.agents.length === 0 ? [NAMELESS] : room.agents;
    for (const agent of agents) {
      const dispatch = this.#add(entry, roomName, agent);
      if (dispatch !== undefined) this.#launch(dispatch, JobType.JT_ROOM);
    }
  }

  #closed(roomName: string): void {
    const entry = this.#rooms.get(roomName);
    this.#rooms.delete(roomName);
    for (const { state } of entry?.dispatches.values() ?? [])
      for (const { id } of state?.jobs ?? []) this.#options.jobs.terminate(id, JobStatus.JS_SUCCESS, '');
  }

  #joined(roomName: string, identity: string): void {
    const participant = this.#options.rooms.find(roomName)?.participants.get(identity);
    if (participant === undefined) return;
    for (const dispatch of this.list(roomName, ''))
      this.#launch(dispatch, JobType.JT_PARTICIPANT, participant);
  }

  #published(roomName: string, sid: string): void {
    const entry = this.#rooms.get(roomName);
    if (entry === undefined || entry.published.has(sid)) return;
    entry.published.add(sid);
    const participants = this.#options.rooms.find(roomName)?.participants.values() ?? [];
    const publisher = [...participants].find((participant) => participant.sid === sid);
    if (publisher === undefined) return;
    for (const dispatch of this.list(roomName, '')) this.#launch(dispatch, JobType.JT_PUBLISHER, publisher);
  }

  #left({ identity, kind, room, sid }: Extract<GatewayEvent, { type: 'participant.left' }>): void {
    const entry = this.#rooms.get(room);
    entry?.published.delete(sid);
    if (kind !== 'agent') return;
    for (const { state } of entry?.dispatches.values() ?? [])
      for (const job of state?.jobs ?? [])
        if (job.state?.participantIdentity === identity)
          this.#options.jobs.terminate(job.id, JobStatus.JS_FAILED, 'agent worker left the room');
  }

  #add({ dispatches }: RoomEntry, room: string, agent: RoomAgent): AgentDispatch | undefined {
    if (dispatches.size >= MAX_DISPATCHES) return undefined;
    const { agentName, deployment, metadata, restartPolicy } = agent;
    const dispatch = new AgentDispatch({
      ...{ room, agentName, deployment, metadata, restartPolicy },
      id: newId(this.#options.random, 'AD'),
      attributes: { ...agent.attributes },
      state: new AgentDispatchState({ createdAt: this.#nanos() }),
    });
    dispatches.set(dispatch.id, dispatch);
    return dispatch;
  }

  /** A job for each namespace in which there are workers. Nobody dispatches agents to agents. */
  #launch(dispatch: AgentDispatch, type: JobType, participant?: Participant): void {
    const { jobs, pool, random, rooms } = this.#options;
    if (participant?.kind === 'agent' || participant?.kind === 'egress') return;
    const room = rooms.find(dispatch.room);
    const state = dispatch.state;
    if (room === undefined || state === undefined) return;
    const { agentName, deployment, metadata } = dispatch;
    const namespaces = pool.namespaces({ type, agentName, deployment });
    // Who has no workers yet may get one soon, and then in the usual namespace. Few dispatch to publishers and participants.
    if (namespaces.length === 0 && type === JobType.JT_ROOM) namespaces.push('');
    for (const namespace of namespaces) {
      const job = new Job({
        ...{ type, namespace, agentName, deployment, metadata },
        id: newId(random, 'AJ'),
        dispatchId: dispatch.id,
        room: roomInfo(room),
        attributes: dispatch.attributes,
        ...(participant !== undefined && { participant: participantInfo(participant) }),
      });
      if (state.jobs.length >= MAX_REMEMBERED) forgetOne(state.jobs);
      state.jobs.push(job);
      jobs.launch(job);
    }
  }

  #nanos(): bigint {
    return BigInt(Math.floor(this.#options.wall.unixMs())) * 1_000_000n;
  }
}

/** The first that is over; one that runs is never forgotten. */
function forgetOne(jobs: Job[]): void {
  const at = jobs.findIndex(({ state }) => (state?.endedAt ?? 0n) > 0n);
  if (at >= 0) jobs.splice(at, 1);
}
