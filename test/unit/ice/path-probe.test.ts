import { describe, expect, test } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { IceLite } from '../../../src/ice/ice-lite.ts';
import { PathProbe, type PathSurvey } from '../../../src/ice/path-probe.ts';
import { seededRandom } from '../turn/turn-harness.ts';

const REMOTE = { ufrag: 'localufrag', pwd: 'local-password-of-24-chr' };
const DELAY = 30;

/** A probe before our own agent, in virtual time, over a line that loses what it is told to. */
function survey(passes: (count: number) => boolean, agent = REMOTE) {
  const timers = new WakeQueue();
  const ice = new IceLite({ local: agent, digests, now: 0 });
  const surveys: (PathSurvey | undefined)[] = [];
  let now = 0;
  let count = 0;
  const sentAt: number[] = [];
  const probe: PathProbe = new PathProbe({
    ...{ clock: { now: () => now }, timers, random: seededRandom(5), digests, remote: REMOTE },
    ...{ within: 3000, checks: 20, every: 40, patience: 500 },
    send: (bytes) => {
      sentAt.push(now);
      if (!passes(++count)) return;
      timers.schedule(now + DELAY, (at) => {
        const outcome = ice.check(bytes, '192.0.2.50', 4000, at);
        if (outcome.response !== undefined) probe.receive(outcome.response);
      });
    },
    done: (result) => surveys.push(result),
  });
  const run = () => {
    for (let at = timers.next(); at < 60_000; at = timers.next()) {
      now = at;
      timers.run(at);
    }
    return surveys;
  };
  return { run, probe, sentAt, timers };
}

describe('PathProbe', () => {
  test('counts every check of a good line, and what each took', () => {
    const { run, timers } = survey(() => true);
    expect(run()).toEqual([{ sent: 20, roundTrips: Array.from({ length: 20 }, () => DELAY) }]);
    expect(timers.size).toBe(0);
  });

  test('what is lost is missed in the count, and not sent again', () => {
    const { run, sentAt } = survey((count) => count % 4 !== 0);
    const [result] = run();
    expect(result).toMatchObject({ sent: 20 });
    expect(result?.roundTrips).toHaveLength(15);
    // The first one only knocks.
    expect(sentAt).toHaveLength(21);
  });

  test('knocks until somebody is there, and counts nothing of that', () => {
    const { run, sentAt } = survey((count) => count > 3);
    expect(run()[0]).toMatchObject({ sent: 20 });
    expect(run()[0]?.roundTrips).toHaveLength(20);
    expect(sentAt.slice(0, 4)).toEqual([0, 200, 400, 600]);
  });

  test('a silent line ends it in time', () => {
    const { run, sentAt, timers } = survey(() => false);
    expect(run()).toEqual([undefined]);
    expect(Math.max(...sentAt)).toBeLessThanOrEqual(3000);
    expect(timers.size).toBe(0);
  });

  test('answers of somebody else do not count', () => {
    // An agent of the same name with another password refuses in silence; one that answers with its own key is not believed.
    expect(survey(() => true, { ...REMOTE, pwd: 'another-password-24-char' }).run()).toEqual([undefined]);
    const { probe, run } = survey(() => false);
    probe.receive(Uint8Array.of(1, 2, 3));
    probe.receive(new Uint8Array());
    expect(run()).toEqual([undefined]);
  });

  test('stopped, it tells nothing', () => {
    const { probe, run, timers } = survey(() => true);
    probe.stop();
    expect(run()).toEqual([]);
    expect(timers.size).toBe(0);
  });
});
