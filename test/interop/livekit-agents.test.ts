import { setTimeout as sleep } from 'node:timers/promises';
import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { productNode } from '../support/root.ts';

/** Workers of LiveKit's agents framework (`@livekit/agents`) at the gateway: no models, an agent that echoes. */
const PHONE = { hz: 440, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 4 };

let gateway: Gateway;
let rooms: RoomServiceClient;
let dispatches: AgentDispatchClient;
const workers: Child[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  dispatches = new AgentDispatchClient(gateway.url, 'devkey', 'secret');
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await gateway?.stop();
});

async function startWorker(name: string): Promise<Child> {
  const port = await freePortBlock(2);
  const worker = new Child(
    `worker ${name}`,
    productNode,
    ['test/support/echo-agent.ts', gateway.url.replace('http', 'ws'), name],
    { ECHO_HTTP_PORT: String(port) },
  );
  workers.push(worker);
  await worker.waitForOutput(/registered worker/, 30_000);
  return worker;
}

async function agentsIn(room: string): Promise<string[]> {
  const participants = await rooms.listParticipants(room);
  return participants.filter(({ permission }) => permission?.agent === true).map(({ identity }) => identity);
}

test('an agent without a name joins a phone’s room, and the phone hears it', async () => {
  const worker = await startWorker('');
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    await phone.dial(gateway.sipUri('echo'));
    await worker.waitForOutput(/agent joined echo/, 30_000);
    expect(await agentsIn('echo')).toHaveLength(1);
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 1500);
    phone.hangUp();
    await phone.closed();
    const heard = phone.heard();
    const all = heard.samples.length / heard.sampleRate;
    const from = all - JUDGED.seconds - 0.5;
    expect(
      faultsHeard(heard, { tones: [PHONE], absent: [1000], fromSecond: from, seconds: JUDGED.seconds }),
    ).toEqual([]);
  } finally {
    await phone.stop();
  }
});

test('an agent with a name comes where it is dispatched, and leaves when that is undone', async () => {
  const worker = await startWorker('echo');
  const dispatch = await dispatches.createDispatch('called', 'echo', { metadata: 'for you' });
  await worker.waitForOutput(/agent joined called with for you/, 30_000);
  const [listed] = (await dispatches.listDispatch('called')).filter(({ id }) => id === dispatch.id);
  expect(listed?.agentName).toBe('echo');
  expect(listed?.state?.jobs).toHaveLength(1);
  expect(await agentsIn('called')).toEqual([listed?.state?.jobs[0]?.state?.participantIdentity]);
  await dispatches.deleteDispatch(dispatch.id, 'called');
  await eventually('the agent is out', 15_000, async () => (await agentsIn('called')).length === 0);
  expect((await dispatches.listDispatch('called')).map(({ agentName }) => agentName)).toEqual(['']);
});
