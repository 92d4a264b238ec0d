import { JobStatus, JobType, WebhookEvent, WorkerMessage } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { WebhookEvents } from '../../../src/api/webhook/events.ts';
import { AgentRig, agent, Worker } from './rig.ts';

/** What LiveKit's webhooks tell of agents' jobs: `agent_job_started` and `agent_job_ended`, with the job. */
function hooked() {
  const rig = new AgentRig();
  const told: WebhookEvent[] = [];
  const hooks = new WebhookEvents({
    ...{ rooms: rig.rooms, wall: rig.context.wall, random: rig.context.random, job: rig.agents.job },
    send: (body) => told.push(WebhookEvent.fromJson(body as never)),
  });
  rig.listeners.push(hooks.sink);
  return { rig, jobs: () => told.filter(({ event }) => event.startsWith('agent_job')) };
}

test('a job is told when a worker has it, and when it is over', () => {
  const { rig, jobs } = hooked();
  const worker = new Worker(rig, { agentName: 'clerk' });
  rig.rooms.create('lobby', { agents: [agent('clerk')] });
  expect(jobs()).toEqual([]);
  worker.answer(true, 'clerk-1');
  const running = {
    ...{ type: JobType.JT_ROOM, agentName: 'clerk', metadata: 'for clerk' },
    state: { status: JobStatus.JS_RUNNING, participantIdentity: 'clerk-1' },
  };
  expect(jobs()).toMatchObject([{ event: 'agent_job_started', room: { name: 'lobby' }, job: running }]);
  const value = { jobId: worker.asked[0]?.id ?? '', status: JobStatus.JS_FAILED, error: 'no voice' };
  worker.say(new WorkerMessage({ message: { case: 'updateJob', value } } as never));
  expect(jobs()[1]).toMatchObject({
    ...{ event: 'agent_job_ended', room: { name: 'lobby' } },
    job: { id: value.jobId, dispatchId: jobs()[0]?.job?.dispatchId },
  });
  expect(jobs()[1]?.job?.state).toMatchObject({ status: JobStatus.JS_FAILED, error: 'no voice' });
  expect(rig.agents.job(value.jobId)).toBeUndefined();
});

test('a job that ends with its room is told, one that nobody took is not', () => {
  const { rig, jobs } = hooked();
  const worker = new Worker(rig, { agentName: 'clerk' });
  rig.rooms.create('lobby', { agents: [agent('clerk'), agent('nobody')] });
  worker.answer(true);
  rig.rooms.delete('lobby');
  expect(jobs().map(({ event }) => event)).toEqual(['agent_job_started', 'agent_job_ended']);
  expect(jobs()[1]?.job?.state?.status).toBe(JobStatus.JS_SUCCESS);
});
