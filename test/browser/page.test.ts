import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ChromiumOptions, ChromiumUser } from '../support/chromium.ts';
import { eventually, eventuallyEqual } from '../support/eventually.ts';
import { Gateway, portsAsEnvironment, spawnGateway } from '../support/gateway.ts';
import { repositoryRoot } from '../support/root.ts';

/** The page in a real browser: what people see and what the gateway makes of it. Sound is judged elsewhere. */
const TONE: ChromiumOptions['tone'] = { hz: 1000, amplitude: 8192 };

let gateway: Gateway;
const users: ChromiumUser[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterEach(async () => {
  await Promise.all(users.splice(0).map((user) => user.stop()));
});

afterAll(async () => {
  await gateway?.stop();
});

async function open(query: string, options: Partial<ChromiumOptions> = {}): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: TONE, ...options });
  users.push(user);
  await user.page.goto(`${gateway.url}/${query}`);
  return user;
}

const state = (user: ChromiumUser) => user.page.locator('#state').getAttribute('data-state');

async function connected(user: ChromiumUser): Promise<void> {
  await eventuallyEqual('the state', 20_000, 'connected', () => state(user)).catch(async (error: unknown) => {
    const said = await user.page.locator('body').textContent();
    throw new Error(`${said}\n${user.log.slice(-20).join('\n')}`, { cause: error });
  });
}

describe('the page', () => {
  test('two people meet, see each other muted and unmuted, and leave', async () => {
    const ada = await open('?room=page&name=Ada&autojoin=1');
    await connected(ada);
    await eventuallyEqual('the title', 15_000, 'page · Trunkroom', () => ada.page.title());
    expect(await ada.page.locator('#alone').textContent()).toContain(`sip:page@127.0.0.1`);
    // Offered both, Chromium stays with the one that was there first, and on a busy machine that may be the relay by TCP.
    const bob = await open('?room=page&name=Bob&autojoin=1&relay=1', { turnTransport: 'udp' });
    await connected(bob);
    await ada.waitForTracks(1);
    await bob.waitForTracks(1);
    const text = (user: ChromiumUser, selector: string) => user.page.locator(selector).textContent();
    await eventuallyEqual('Bob’s path', 15_000, 'Relay · UDP', () => text(bob, '#path'));
    await eventuallyEqual('Ada’s path', 15_000, 'Direct · UDP', () => text(ada, '#path'));
    await eventuallyEqual('the count', 15_000, '2 browsers · 0 phones', () => text(ada, '#count'));

    const bobSeen = ada.page.locator('.person', { hasText: 'Bob' });
    await eventuallyEqual('Bob’s mute', 15_000, null, () => bobSeen.getAttribute('data-muted'));
    await bob.page.getByRole('button', { name: 'Mute' }).click();
    const shows = (word: string) =>
      eventually(`Bob is shown as ${word}`, 15_000, async () => {
        return (await bobSeen.textContent())?.includes(word) === true;
      });
    await shows('Muted');
    await bob.page.getByRole('button', { name: 'Unmute' }).click();
    await shows('Speaking');

    await bob.page.getByRole('button', { name: 'Leave' }).click();
    await ada.waitForTracks(0);
    await eventuallyEqual('how often Bob is shown', 15_000, 0, () => bobSeen.count());
    await eventuallyEqual('Bob’s state', 15_000, 'disconnected', () => state(bob));
    expect(await bob.page.getByRole('button', { name: 'Join' }).isVisible()).toBe(true);
    expect(await bob.page.locator('#alert').isVisible()).toBe(false);
  });

  test('what goes wrong is said in words', async () => {
    const user = await open('?token=not-a-token&autojoin=1');
    const alert = user.page.getByRole('alert');
    await eventually(
      'the refusal is shown',
      15_000,
      async () => (await alert.textContent())?.includes('does not let you in') === true,
    );
    expect(await alert.textContent()).toContain('it cannot be read');
    expect(await state(user)).toBe('disconnected');
  });

  test('the page keeps within its own security policy', async () => {
    // The other tests look into the page by ways that the policy forbids, so they have it off.
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
      ],
    });
    try {
      const page = await (await browser.newContext({ permissions: ['microphone'] })).newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      const response = await page.goto(`${gateway.url}/?room=policy&name=Ada&autojoin=1`);
      expect(response?.headers()['content-security-policy']).toContain("default-src 'self'");
      await page.locator('#state[data-state=connected]').waitFor({ timeout: 20_000 });
      await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

test('a page whose gateway shuts down says that it tries to come back, and does', async () => {
  const first = await Gateway.start();
  const user = await ChromiumUser.start({ tone: TONE });
  users.push(user);
  try {
    await user.page.goto(`${first.url}/?room=end&name=Ada&autojoin=1`);
    await connected(user);
  } finally {
    const { code, tookMs } = await first.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
  }
  await eventuallyEqual('the state', 15_000, 'reconnecting', () => state(user));
  const again = spawnGateway(portsAsEnvironment(first.ports));
  try {
    await connected(user);
  } finally {
    await again.stop();
  }
});

describe('livekit-client as other applications have it', () => {
  test.each([
    ['one peer connection: sound both ways, and data', true],
    ['two peer connections: sound both ways, and data', false],
  ])('%s', async (_name, singlePeerConnection) => {
    const client = await bundledClient();
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map((name) =>
        joinWith(client, `sdk-${singlePeerConnection}`, name, singlePeerConnection),
      ),
    );
    if (ada === undefined || bob === undefined) throw new Error('unreachable');
    for (const user of [ada, bob]) {
      await eventually('the other one is heard', 20_000, async () => {
        const [audio] = await user.inboundAudio();
        return (audio?.packetsReceived ?? 0) > 50;
      }).catch((error: unknown) => {
        throw new Error(user.log.slice(-30).join('\n'), { cause: error });
      });
    }
    await dataArrives(ada, bob);
    expect(await ada.page.evaluate('client.room.state')).toBe('connected');
  });
});

test('a client that cannot resume begins anew, and is heard again', async () => {
  const client = await bundledClient();
  const [ada, bob] = await Promise.all(['ada', 'bob'].map((name) => joinWith(client, 'anew', name, true)));
  if (ada === undefined || bob === undefined) throw new Error('unreachable');
  await bob.waitForTracks(1);
  const before = await ada.page.evaluate<string>('client.room.localParticipant.sid');
  await ada.page.evaluate('client.room.simulateScenario("full-reconnect")');
  await eventually('a new session', 20_000, async () => {
    const [now, said] = await ada.page.evaluate<[string, string]>(
      '[client.room.localParticipant.sid, client.room.state]',
    );
    return said === 'connected' && now !== before;
  }).catch((error: unknown) => {
    throw new Error(ada.log.slice(-30).join('\n'), { cause: error });
  });
  await bob.waitForTracks(1);
  const packets = async () =>
    Math.max(0, ...(await bob.inboundAudio()).map(({ packetsReceived }) => packetsReceived));
  const heard = await packets();
  await eventually('sound goes on', 15_000, async () => (await packets()) > heard + 50);
});

async function dataArrives(ada: ChromiumUser, bob: ChromiumUser): Promise<void> {
  await eventually('data arrives', 15_000, async () => {
    await ada.page.evaluate('client.say("hello")');
    return (await bob.page.evaluate<string>('client.heard.join()')).includes('hello from ada');
  }).catch((error: unknown) => {
    throw new Error(bob.log.slice(-30).join('\n'), { cause: error });
  });
}

/** A page of the same origin that is not ours, with livekit-client's own defaults. */
async function joinWith(
  script: string,
  room: string,
  name: string,
  singlePeerConnection: boolean,
): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: TONE });
  users.push(user);
  await user.page.goto(`${gateway.url}/healthz`);
  await user.page.addScriptTag({ content: script });
  await user.page.evaluate(`client.join(${JSON.stringify({ name, room, singlePeerConnection })})`);
  return user;
}

async function bundledClient(): Promise<string> {
  const contents = `
    import { Room, RoomEvent } from 'livekit-client';
    export const heard = [];
    export let room;
    export async function join({ name, room: roomName, singlePeerConnection }) {
      room = new Room({ singlePeerConnection });
      room.on(RoomEvent.DataReceived, (bytes, from) => heard.push(new TextDecoder().decode(bytes) + ' from ' + from?.name));
      room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
      const asked = await fetch('/dev/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, room: roomName }),
      });
      await room.connect(location.origin.replace('http', 'ws'), (await asked.json()).token);
      await room.localParticipant.setMicrophoneEnabled(true);
    }
    export const say = (text) => room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true });
  `;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: repositoryRoot },
    bundle: true,
    format: 'iife',
    globalName: 'client',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
