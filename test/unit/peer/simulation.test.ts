import { LeaveRequest_Action, SimulateScenario } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { Client, Rig } from './rig.ts';

type Scenario = SimulateScenario['scenario'];

function simulated(scenario: Scenario): { rig: Rig; client: Client } {
  const rig = new Rig();
  const client = new Client(rig);
  client.connect();
  client.say({ case: 'simulate', value: new SimulateScenario({ scenario }) });
  return { rig, client };
}

test('a speaker is pretended to the one client', () => {
  const { client } = simulated({ case: 'speakerUpdate', value: 3 });
  expect(client.last('speakersChanged').speakers).toMatchObject([{ active: true }]);
});

test.each(['nodeFailure', 'migration'] as const)(
  '%s: hung up without a word, and nothing to resume',
  (kind) => {
    const { client, rig } = simulated({ case: kind, value: true });
    expect(client.closes).toEqual([{ code: 1001, reason: 'simulated' }]);
    expect(client.count('leave')).toBe(0);
    expect(rig.sessions.size).toBe(0);
    expect(new Client(rig, { resume: true }).last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
  },
);

test.each([
  { scenario: 'serverLeave', action: LeaveRequest_Action.DISCONNECT },
  { scenario: 'leaveRequestFullReconnect', action: LeaveRequest_Action.RECONNECT },
] as const)('$scenario: a leave with its advice', ({ action, scenario }) => {
  const { client } = simulated({ case: scenario, value: true });
  expect(client.last('leave').action).toBe(action);
});

test.each([
  { scenario: 'disconnectSignalOnResume', told: true },
  { scenario: 'disconnectSignalOnResumeNoMessages', told: false },
] as const)('$scenario: the next resume is cut off, the one after works', ({ scenario, told }) => {
  const { client, rig } = simulated({ case: scenario, value: true });
  client.session.closed();
  const cut = new Client(rig, { resume: true });
  expect(cut.count('reconnect')).toBe(told ? 1 : 0);
  expect(cut.closes).toHaveLength(1);
  cut.session.closed();
  const back = new Client(rig, { resume: true });
  expect(back.count('reconnect')).toBe(1);
  expect(back.closes).toEqual([]);
});
