/**
 * Two Chromiums with fake cameras, the gateway, and between it and the one who watches a bad line in the kernel: what
 * bandwidth estimation, retransmissions and layers make of it, by the browser's own statistics.
 */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BadLine, TwoHosts } from '../lab/two-hosts.ts';
import type { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { freePorts, portsAsEnvironment } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { picture, seesVideo, watchVideo } from '../support/video-page.ts';

const SECONDS = 15;
const LINE: BadLine = { delayMs: 20, jitterMs: 0, lossPercent: 0, burst: 1, seed: 3 };

const made = TwoHosts.make();
if (typeof made === 'string')
  console.warn(`Video is not tested over a bad line, for there are no namespaces here: ${made}`);

const statesScript = `window.states = [];
room.on('trackStreamStateChanged', (publication, state) => states.push(state)); void 0`;

/** What was heard of the one remote sound since it began, from `getStats`. */
interface Sound {
  readonly samples: number;
  readonly concealed: number;
  readonly lost: number;
}

const soundScript = `window.sound = async () => {
  const [publication] = [...room.remoteParticipants.values()].flatMap((one) => [...one.audioTrackPublications.values()]);
  const report = await publication?.audioTrack?.getRTCStatsReport();
  for (const entry of report?.values() ?? [])
    if (entry.type === 'inbound-rtp')
      return { samples: entry.totalSamplesReceived ?? 0, concealed: entry.concealedSamples ?? 0, lost: entry.packetsLost };
  return { samples: 0, concealed: 0, lost: 0 };
}; void 0`;

const users: ChromiumUser[] = [];
let gateway: Child | undefined;
let port = 0;

async function join(host: 'near' | 'far', room: string, name: string): Promise<ChromiumUser> {
  if (typeof made === 'string') throw new Error(made);
  const tone = { hz: 500, amplitude: 4000 };
  const user = await ChromiumUser.start({ tone, executable: made.wrapper(host, '/usr/bin/chromium') });
  users.push(user);
  const token = new AccessToken('devkey', 'secret', { identity: name });
  token.addGrant({ roomJoin: true, room });
  const url = `http://${host === 'far' ? '127.0.0.1' : made.address('far')}:${port}`;
  await joinWithSdk(user, { url }, { room, name, token: await token.toJwt() });
  await user.page.evaluate(statesScript);
  await watchVideo(user);
  return user;
}

/** What happens in so many seconds: per second, and which heights were seen. */
async function watch(user: ChromiumUser, seconds: number) {
  const before = await picture(user);
  const heights: number[] = [];
  for (let i = 0; i < seconds; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    heights.push((await picture(user)).height);
  }
  const after = await picture(user);
  const summary = {
    framesPerSecond: (after.frames - before.frames) / seconds,
    kbitPerSecond: Math.round((8 * (after.bytes - before.bytes)) / seconds / 1000),
    freezes: after.freezes - before.freezes,
    freezeSeconds: after.freezeSeconds - before.freezeSeconds,
    retransmitted: after.retransmitted - before.retransmitted,
    heights: heights.join(' '),
    states: await user.page.evaluate<string[]>('states'),
  };
  console.log(JSON.stringify(summary));
  return { ...summary, height: after.height };
}

// Namespaces and NFQUEUE need root and a kernel that has them: without, nothing can be measured, and the warning above says why.
describe.skipIf(typeof made === 'string')('a camera over a line', () => {
  beforeAll(async () => {
    if (typeof made === 'string') return;
    const ports = await freePorts();
    port = ports.http;
    const args = [`${repositoryRoot}src/app/main.ts`, '--dev'];
    gateway = made.start('far', 'gateway', productNode, args, portsAsEnvironment(ports));
    await gateway.waitForOutput(/is ready/, 60_000);
  });
  afterEach(async () => {
    await Promise.all(users.splice(0).map((user) => user.stop()));
    if (typeof made !== 'string') await made.mend();
  });
  afterAll(async () => {
    await gateway?.stop();
    if (typeof made !== 'string') made.remove();
  });

  async function scene(room: string, line: Partial<BadLine>): Promise<ChromiumUser> {
    if (typeof made === 'string') throw new Error(made);
    await made.impair({ ...LINE, ...line });
    const ada = await join('far', room, 'ada');
    const bob = await join('near', room, 'bob');
    await ada.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    await seesVideo(bob, 'frames', 'frames > 10');
    return bob;
  }

  test('that loses 5 %: the picture stays large and moves, for what is lost comes again', async () => {
    const bob = await scene('lossy', { lossPercent: 5 });
    await seesVideo(bob, 'a large picture', 'height >= 360');
    const seen = await watch(bob, SECONDS);
    expect(seen.retransmitted).toBeGreaterThan(10);
    expect(seen.framesPerSecond).toBeGreaterThan(10);
    expect(seen.freezeSeconds).toBeLessThan(0.25 * SECONDS);
    expect(seen.height).toBeGreaterThanOrEqual(360);
  });

  test('that loses 10 %: sound that says each packet twice (RED) is hardly concealed', async () => {
    if (typeof made === 'string') return;
    await made.impair({ ...LINE, lossPercent: 10 });
    const ada = await join('far', 'red', 'ada');
    const bob = await join('near', 'red', 'bob');
    await bob.page.evaluate(soundScript);
    const concealed: Record<string, number> = {};
    for (const red of ['true', 'false']) {
      await ada.page.evaluate(
        `room.localParticipant.setMicrophoneEnabled(true, {}, { red: ${red}, dtx: false })`,
      );
      await pageSays(bob, 'sound', 'sound().then(({ samples }) => samples > 48000)', 30_000);
      const before = await bob.page.evaluate<Sound>('sound()');
      await new Promise((resolve) => setTimeout(resolve, 8000));
      const after = await bob.page.evaluate<Sound>('sound()');
      concealed[red] = (after.concealed - before.concealed) / (after.samples - before.samples);
      expect(after.lost - before.lost).toBeGreaterThan(10);
      await ada.page.evaluate(
        'room.localParticipant.unpublishTrack([...room.localParticipant.audioTrackPublications.values()][0].track)',
      );
      await pageSays(bob, 'silence', 'sound().then(({ samples }) => samples === 0)');
    }
    console.log(JSON.stringify(concealed));
    expect(concealed['true']).toBeLessThan(0.04);
    expect(concealed['false']).toBeGreaterThan(2 * concealed['true']!);
  });

  test('of 500 kbit/s: the size goes down to what fits, and up again when the line is wide', async () => {
    const bob = await scene('narrow', { rate: { kbitPerSecond: 500, queueMs: 300 } });
    await watch(bob, 8);
    const narrow = await watch(bob, SECONDS);
    expect(narrow.kbitPerSecond).toBeLessThan(520);
    expect(narrow.framesPerSecond).toBeGreaterThan(5);
    expect(narrow.height).toBeLessThan(720);
    expect(narrow.freezeSeconds).toBeLessThan(0.25 * SECONDS);
    if (typeof made !== 'string') await made.mend();
    await seesVideo(bob, 'the large picture', 'height === 720', 40_000);
  });
});
