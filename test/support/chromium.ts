import { readFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { eventually } from './eventually.ts';
import { repositoryRoot } from './root.ts';
import { type Recording, type ToneSource, writeToneWav } from './wav.ts';
import { newWorkspace } from './workspace.ts';

/** The local and remote ends of a connected peer connection's selected pair, from `getStats`. */
export interface SelectedPair {
  /** Between the browser, or its relay, and the gateway. */
  readonly protocol: 'udp' | 'tcp';
  readonly localType: 'host' | 'srflx' | 'prflx' | 'relay';
  /** How the browser reaches its TURN server; empty without one. */
  readonly relayProtocol: '' | 'udp' | 'tcp' | 'tls';
  readonly remoteType: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface InboundAudio {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly concealedSamples: number;
  readonly totalSamplesReceived: number;
  readonly jitter: number;
}

export interface ChromiumOptions {
  /** The browser's file, if it is not Debian's. */
  readonly executable?: string;
  /** What its microphone hears. */
  readonly tone: ToneSource;
  /** Which of the TURN servers that it is offered it may use. */
  readonly turnTransport?: 'udp' | 'tcp' | 'tls' | 'any' | 'none';
  /** `skip`: it takes the certificate of a test's own authority, of pages and of TURN servers. */
  readonly verify?: 'peer' | 'skip';
  /** `tcp`: it is not told of our UDP candidates, as if its network let no UDP through. */
  readonly network?: 'any' | 'tcp';
}

/** What `page-recorder.js` puts into the page. */
interface Ear {
  tracks(): number;
  clear(): Promise<void>;
  take(): Promise<string>;
  selectedPairs(): Promise<SelectedPair[]>;
  inboundAudio(): Promise<InboundAudio[]>;
}

const EAR_RATE = 48_000;
const recorderScript = readFileSync(`${repositoryRoot}test/support/page-recorder.js`, 'utf8');

/** A real browser with a tone for a microphone. One process each, for the fake microphone is a process's flag. */
export class ChromiumUser {
  readonly page: Page;
  /** Console lines and page errors, for failures. */
  readonly log: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.on('console', (message) => this.log.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.log.push(`error: ${error.stack ?? error.message}`));
  }

  static async start(options: ChromiumOptions): Promise<ChromiumUser> {
    const microphone = `${newWorkspace('chromium')}/microphone.wav`;
    writeToneWav(microphone, options.tone, EAR_RATE, 10);
    const browser = await chromium.launch({
      executablePath: options.executable ?? '/usr/bin/chromium',
      ignoreDefaultArgs: ['--mute-audio'],
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--autoplay-policy=no-user-gesture-required',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        `--use-file-for-fake-audio-capture=${microphone}`,
        '--allow-loopback-in-peer-connection',
        '--disable-features=WebRtcHideLocalIpsWithMdns',
        ...(options.verify === 'skip' ? ['--ignore-certificate-errors'] : []),
      ],
    });
    const context = await browser.newContext({ bypassCSP: true, permissions: ['microphone', 'camera'] });
    const earOptions = { turnTransport: options.turnTransport ?? 'any', network: options.network ?? 'any' };
    await context.addInitScript({
      content: `var __earOptions = ${JSON.stringify(earOptions)};\n${recorderScript}`,
    });
    return new ChromiumUser(browser, await context.newPage());
  }

  /** Forgets what was heard so far. */
  async clearRecording(): Promise<void> {
    await this.page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.clear());
  }

  /** All remote audio mixed, as the page got it since {@link clearRecording}. */
  async heard(): Promise<Recording> {
    const text = await this.page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.take());
    const bytes = Buffer.from(text, 'base64');
    const samples = new Int16Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i);
    return { sampleRate: EAR_RATE, samples };
  }

  /** Live remote audio tracks. */
  async tracks(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.tracks());
  }

  async waitForTracks(count: number, withinMs = 30_000): Promise<void> {
    await eventually(`the page has ${count} remote audio tracks`, withinMs, async () => {
      return (await this.tracks()) === count;
    }).catch(async (error: unknown) => {
      throw new Error(`it has ${await this.tracks()}; its log:\n${this.log.slice(-40).join('\n')}`, {
        cause: error,
      });
    });
  }

  async selectedPairs(): Promise<SelectedPair[]> {
    return this.page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.selectedPairs());
  }

  async inboundAudio(): Promise<InboundAudio[]> {
    return this.page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.inboundAudio());
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}
