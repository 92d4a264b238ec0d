import { readFileSync, writeFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { freePortBlock } from './free-ports.ts';
import type { Gateway } from './gateway.ts';
import { repositoryRoot } from './root.ts';
import type { Recording } from './wav.ts';
import { newWorkspace } from './workspace.ts';

/** Sound without a click, media over loopback, addresses as they are. */
const PREFERENCES = {
  'media.autoplay.default': 0,
  // Its microphone is a tone of 1000 Hz.
  'media.navigator.streams.fake': true,
  'media.navigator.audio.fake_frequency': 1000,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.navigator.permission.disabled': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
};

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: string;
  readonly message?: string;
}

/** Debian's Firefox, driven by WebDriver BiDi (W3C): one page, in which scripts are evaluated. */
export class FirefoxUser {
  readonly #child: Child;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #context = '';
  #lastId = 0;

  private constructor(child: Child, socket: WebSocket) {
    this.#child = child;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const reply = JSON.parse(data.toString('utf8')) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  /** Starts one, with `preferences` of its own, and opens `url`. */
  static async start(url: string, preferences: Readonly<Record<string, unknown>> = {}): Promise<FirefoxUser> {
    const profile = newWorkspace('firefox');
    const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(
      ([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});`,
    );
    writeFileSync(`${profile}/user.js`, lines.join('\n'));
    const port = await freePortBlock(2);
    const child = new Child(
      'firefox',
      'firefox-esr',
      ['--headless', '--no-remote', '--profile', profile, `--remote-debugging-port=${port}`],
      { HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    );
    await child.waitForOutput(/WebDriver BiDi listening/, 60_000);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/session`);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const user = new FirefoxUser(child, socket);
    await user.#command('session.new', { capabilities: {} });
    const { contexts } = (await user.#command('browsingContext.getTree', {})) as {
      contexts: { context: string }[];
    };
    user.#context = contexts[0]?.context ?? '';
    await user.#command('browsingContext.navigate', { context: user.#context, url, wait: 'complete' });
    return user;
  }

  /** Evaluates an expression in the page, waits for its promise, and gives what JSON keeps of it. */
  async evaluate(expression: string): Promise<unknown> {
    const { exceptionDetails, result } = (await this.#command('script.evaluate', {
      expression: `(async () => JSON.stringify(await (${expression})))()`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as { result?: { value?: string }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result?.value === undefined ? undefined : JSON.parse(result.value);
  }

  /** What the page hears of somebody for a while: there is no sound card, so a recorder of its own listens. */
  async hear(identity: string, ms: number): Promise<Recording> {
    const text = (await this.evaluate(`listen(${JSON.stringify(identity)}, ${ms})`)) as string;
    const bytes = Buffer.from(text, 'base64');
    const samples = new Int16Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i);
    return { sampleRate: 48_000, samples };
  }

  /** Runs a script in the page as it stands. */
  async run(script: string): Promise<void> {
    await this.#command('script.evaluate', {
      expression: script,
      target: { context: this.#context },
      awaitPromise: false,
    });
  }

  /** Waits until the page's expression is true; on failure says what the page said. */
  async says(what: string, expression: string, withinMs = 30_000): Promise<void> {
    await eventually(what, withinMs, async () => (await this.evaluate(expression)) === true).catch(
      async (error: unknown) => {
        throw new Error(`the page said ${JSON.stringify(await this.evaluate('window.said'))}`, {
          cause: error,
        });
      },
    );
  }

  async stop(): Promise<void> {
    this.#socket.terminate();
    await this.#child.stop();
  }

  async #command(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    this.#waiting.delete(id);
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error}: ${reply.message ?? ''}`);
    return reply.result ?? {};
  }
}

/**
 * Plain `livekit-client` in Firefox: joins, and gives the page `window.room`, `say()` to publish its tone and `show()` to
 * publish a picture.
 */
export async function joinFirefox(
  gateway: Gateway,
  options: {
    readonly token: string;
    readonly singlePeerConnection: boolean;
    readonly preferences?: Readonly<Record<string, unknown>>;
  },
): Promise<FirefoxUser> {
  const user = await FirefoxUser.start(gateway.url, options.preferences);
  await user.run(
    readFileSync(`${repositoryRoot}node_modules/livekit-client/dist/livekit-client.umd.js`, 'utf8'),
  );
  await user.run(ears);
  await user.evaluate(
    `join(${JSON.stringify(gateway.url.replace('http', 'ws'))}, ${JSON.stringify(options.token)}, ${options.singlePeerConnection})`,
  );
  return user;
}

const ears = `
  window.said = [];
  window.heard = {};
  window.join = async (url, token, singlePeerConnection) => {
    const { Room } = LivekitClient;
    window.room = new Room({ singlePeerConnection });
    for (const event of ['reconnecting', 'reconnected', 'disconnected', 'trackSubscriptionFailed'])
      room.on(event, () => said.push(event));
    room.on('trackSubscribed', (track, publication, { identity }) => {
      said.push('subscribed ' + identity + ' ' + track.kind);
      if (track.kind === 'audio') heard[identity] = track.mediaStreamTrack;
      document.body.append(track.attach());
    });
    await room.connect(url, token);
  };
  window.say = async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true });
    await room.localParticipant.publishTrack(media.getAudioTracks()[0], { source: 'microphone', dtx: false });
  };
  window.listen = async (identity, ms) => {
    const recorder = new MediaRecorder(new MediaStream([heard[identity]]), { audioBitsPerSecond: 128000 });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    setTimeout(() => recorder.stop(), ms);
    await stopped;
    const coded = await new Blob(parts).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(coded);
    const samples = Int16Array.from(sound.getChannelData(0), (value) => 32767 * Math.max(-1, Math.min(1, value)));
    const bytes = new Uint8Array(samples.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  window.decoded = async () => {
    const [{ track } = {}] = [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()]);
    const stats = track ? [...(await track.receiver.getStats()).values()] : [];
    const { codecId, framesDecoded } = stats.find(({ type }) => type === 'inbound-rtp') ?? {};
    return { codec: stats.find(({ id }) => id === codecId)?.mimeType ?? '', frames: framesDecoded ?? 0 };
  };
  window.show = async ({ width = 320, height = 240, simulcast = false } = {}) => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    document.body.append(canvas);
    const pen = canvas.getContext('2d');
    setInterval(() => { pen.fillStyle = 'hsl(' + (Date.now() / 10) % 360 + ',80%,50%)'; pen.fillRect(0, 0, width, height); }, 50);
    await room.localParticipant.publishTrack(canvas.captureStream(15).getVideoTracks()[0], { source: 'camera', simulcast });
  };
`;
