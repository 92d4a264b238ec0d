import { Job, JobStatus, JobType, WorkerMessage, WorkerStatus } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { AgentJobs } from '../../../src/api/agents/jobs.ts';
import type { AgentWorker } from '../../../src/api/agents/worker.ts';
import { WorkerPool } from '../../../src/api/agents/worker-pool.ts';
import { all } from '../room/world.ts';
import { AgentRig, agent, Worker } from './rig.ts';

const update = (value: object) => new WorkerMessage({ message: { case: 'updateWorker', value } } as never);
const jobStatus = (jobId: string, status: JobStatus, error = '') =>
  new WorkerMessage({ message: { case: 'updateJob', value: { jobId, status, error } } } as never);

describe('a worker', () => {
  test.each(['binary', 'json'] as const)('registers and is answered pings, in %s', (form) => {
    const worker = new Worker(new AgentRig(), { form });
    worker.say(new WorkerMessage({ message: { case: 'ping', value: { timestamp: 7n } } } as never));
    expect(worker.kinds()).toEqual(['register', 'pong']);
    const [registered] = worker.received;
    expect(registered?.value).toMatchObject({ serverInfo: { agentProtocol: 1, version: '1.9.0' } });
  });

  test('that does not say who it is, is hung up on', () => {
    const rig = new AgentRig();
    const worker = new Worker(rig, { form: 'silent' });
    rig.pass(9_999);
    expect(worker.closes).toEqual([]);
    rig.pass(2);
    expect(worker.closes).toEqual([1008]);
    expect(rig.agents.gauges()).toEqual({ workers: 0, jobs: 0 });
    expect(rig.timers.size).toBe(0);
  });

  test('may send rubbish, but not without end', () => {
    const rig = new AgentRig();
    const worker = new Worker(rig);
    worker.raw(new Uint8Array([255, 255, 1]));
    worker.raw('{"no": json');
    expect(rig.drops).toEqual(['agent-malformed', 'agent-malformed']);
    for (let i = 0; i < 600; i++) worker.raw('');
    expect(worker.closes).toEqual([1008]);
    expect(rig.agents.gauges().workers).toBe(0);
  });
});

describe('a job that a worker wishes for itself', () => {
  const simulate = () =>
    new WorkerMessage({ message: { case: 'simulateJob', value: { room: { name: 'try' } } } } as never);

  test('is asked of it alone, and ends with it', () => {
    const rig = new AgentRig();
    const [developer, other] = [new Worker(rig), new Worker(rig)];
    developer.say(simulate());
    expect([developer.asked.length, other.asked.length]).toEqual([1, 0]);
    developer.answer(true);
    developer.say(simulate());
    expect(rig.agents.gauges().jobs).toBe(2);
    developer.hangUp();
    expect(rig.agents.gauges().jobs).toBe(0);
    expect(other.asked).toEqual([]);
    expect(rig.timers.size).toBe(0);
  });

  test('cannot be wished for without end', () => {
    const { context } = new AgentRig();
    const pool = new WorkerPool(context.random);
    const jobs = new AgentJobs({ ...context, pool, pass: () => Promise.resolve('') });
    const worker = { id: 'AW_1', send() {} } as unknown as AgentWorker;
    for (let i = 0; i < 10_000; i++) jobs.launchAt(new Job({ id: `AJ_${i}` }), worker);
    const last = new Job({ id: 'AJ_last' });
    jobs.launchAt(last, worker);
    expect(jobs.size).toBe(10_000);
    expect(last.state).toMatchObject({ status: JobStatus.JS_FAILED, error: 'too many jobs' });
  });
});

describe('a job', () => {
  test('is asked of one worker after the other, and its token lets the agent in', async () => {
    const rig = new AgentRig();
    const workers = [new Worker(rig, { hidden: true }), new Worker(rig, { hidden: true })];
    rig.rooms.create('lobby', {});
    const [first, second] = workers[0]?.asked.length === 1 ? workers : [...workers].reverse();
    expect(second?.asked).toEqual([]);
    first?.answer(false);
    expect(second?.asked).toMatchObject([{ type: JobType.JT_ROOM, room: { name: 'lobby' } }]);
    second?.answer(true);
    await Promise.resolve();
    await Promise.resolve();
    expect(rig.passes).toMatchObject([
      { key: 'devkey', room: 'lobby', identity: 'agent-1', permissions: { hidden: true, canPublish: true } },
    ]);
    expect(second?.received.at(-1)).toMatchObject({
      case: 'assignment',
      value: { token: 'token of agent-1', job: { state: { status: JobStatus.JS_RUNNING } } },
    });
    expect(rig.jobs).toEqual(['running']);
  });

  test('goes on to the next when a worker does not answer, or is gone', () => {
    const rig = new AgentRig();
    const workers = [new Worker(rig), new Worker(rig), new Worker(rig)];
    rig.rooms.create('lobby', {});
    const asked = () => workers.filter(({ asked: jobs }) => jobs.length > 0);
    expect(asked()).toHaveLength(1);
    rig.pass(10_001);
    expect(asked()).toHaveLength(2);
    for (const worker of asked()) worker.hangUp();
    expect(asked()).toHaveLength(3);
  });

  test('waits for a worker for a while', () => {
    const rig = new AgentRig();
    rig.rooms.create('early', {});
    rig.pass(29_000);
    const worker = new Worker(rig);
    expect(worker.asked).toHaveLength(1);
    rig.rooms.create('later', { agents: [agent('nobody')] });
    rig.pass(30_001);
    expect(rig.jobs).toEqual(['failed: no worker is available', 'failed: no worker is available']);
  });

  test('is not for a worker that is full, or of another sort', () => {
    const rig = new AgentRig();
    const full = new Worker(rig);
    full.say(update({ status: WorkerStatus.WS_FULL, load: 0.1 }));
    const others = [
      new Worker(rig, { agentName: 'other' }),
      new Worker(rig, { type: JobType.JT_PARTICIPANT }),
      new Worker(rig, { type: JobType.JT_PUBLISHER }),
    ];
    rig.rooms.create('lobby', {});
    expect([full, ...others].flatMap(({ asked }) => asked)).toEqual([]);
    full.say(update({ status: WorkerStatus.WS_AVAILABLE, load: 0.5 }));
    expect(full.asked).toHaveLength(1);
  });

  test('ends as its worker says, once', () => {
    const rig = new AgentRig();
    const worker = new Worker(rig);
    rig.rooms.create('lobby', {});
    worker.answer(true);
    const id = worker.asked[0]?.id ?? '';
    const stranger = new Worker(rig, { agentName: 'other' });
    stranger.say(jobStatus(id, JobStatus.JS_FAILED, 'not mine'));
    worker.say(jobStatus(id, JobStatus.JS_SUCCESS));
    worker.say(jobStatus(id, JobStatus.JS_FAILED, 'late'));
    expect(rig.jobs).toEqual(['running', 'ended']);
    expect(rig.agents.dispatches.list('lobby', '')[0]?.state?.jobs[0]?.state?.status).toBe(
      JobStatus.JS_SUCCESS,
    );
  });

  test('ends with its room, and its worker is told', () => {
    const rig = new AgentRig();
    const worker = new Worker(rig);
    rig.rooms.create('lobby', {});
    worker.answer(true);
    rig.rooms.delete('lobby');
    expect(worker.kinds().at(-1)).toBe('termination');
    expect(rig.jobs).toEqual(['running', 'ended']);
    expect(rig.agents.gauges()).toEqual({ workers: 1, jobs: 0 });
    expect(rig.agents.dispatches.size).toBe(0);
  });

  test('fails when its agent leaves the room', () => {
    const rig = new AgentRig();
    const worker = new Worker(rig);
    rig.rooms.create('lobby', {});
    worker.answer(true);
    const door = new Proxy({}, { get: () => () => {} }) as never;
    const joined = rig.rooms.join(
      {
        ...{ room: 'lobby', identity: 'agent-1', name: '', kind: 'agent', metadata: '', autoCreate: false },
        ...{ attributes: new Map(), permissions: all },
      },
      door,
    );
    if (!joined.ok) throw new Error(joined.error);
    joined.value.room.leave(joined.value.participant, 'client_initiated');
    expect(rig.jobs).toEqual(['running', 'failed: agent worker left the room']);
  });
});

describe('who gets which jobs', () => {
  test('rooms, participants and publishers, each once; none for agents', () => {
    const rig = new AgentRig();
    const room = new Worker(rig);
    const participant = new Worker(rig, { type: JobType.JT_PARTICIPANT });
    const publisher = new Worker(rig, { type: JobType.JT_PUBLISHER });
    const { room: lobby, participant: phone, track } = rig.phone('60312345678');
    lobby.unpublish(phone, track.sid);
    lobby.publish(phone, { ...track, sid: 'TR_again' });
    expect(room.asked).toHaveLength(1);
    expect(participant.asked).toMatchObject([{ participant: { identity: 'sip_60312345678' } }]);
    expect(publisher.asked).toMatchObject([{ participant: { identity: 'sip_60312345678' } }]);
  });

  test('each namespace gets one of its own', () => {
    const rig = new AgentRig();
    const workers = ['', 'east', 'west', 'west'].map((namespace) => new Worker(rig, { namespace }));
    rig.rooms.create('lobby', {});
    const asked = workers.flatMap((worker) => worker.asked).map(({ namespace }) => namespace);
    expect(asked.sort()).toEqual(['', 'east', 'west']);
  });

  test('a room that names its agents gets these, and the others not', () => {
    const rig = new AgentRig();
    const nameless = new Worker(rig);
    const ivr = new Worker(rig, { agentName: 'ivr' });
    rig.rooms.create('lobby', { agents: [agent('ivr')] });
    expect(nameless.asked).toEqual([]);
    expect(ivr.asked).toMatchObject([{ agentName: 'ivr', metadata: 'for ivr' }]);
  });
});
