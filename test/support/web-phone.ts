import { build } from 'esbuild';
import { ChromiumUser } from './chromium.ts';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import { repositoryRoot } from './root.ts';
import type { Recording, ToneSource } from './wav.ts';
import type { WebPhoneCall, WebPhonePage } from './web-phone-page.ts';

type Page = { webPhone: WebPhonePage };

/** A phone in a page: sip.js in Chromium, over WebSocket, with a tone for a microphone. */
export class WebPhone {
  readonly user: ChromiumUser;

  private constructor(user: ChromiumUser) {
    this.user = user;
  }

  /** Opens the page: any page of the gateway will do, for a microphone wants an origin that is trusted. */
  static async start(gateway: Gateway, tone: ToneSource): Promise<WebPhone> {
    const user = await ChromiumUser.start({ tone });
    const { outputFiles } = await build({
      entryPoints: [`${repositoryRoot}test/support/web-phone-page.ts`],
      ...{ bundle: true, format: 'iife', target: 'es2022', write: false, logLevel: 'silent' },
    });
    await user.page.goto(`${gateway.url}/healthz`);
    await user.page.addScriptTag({ content: outputFiles[0]!.text });
    return new WebPhone(user);
  }

  /** Dials; the call's fate is in {@link said}. */
  async dial(
    gateway: Gateway,
    target: string,
    credentials: Pick<WebPhoneCall, 'user' | 'password' | 'offers'>,
  ) {
    const options = { server: `ws://127.0.0.1:${gateway.ports.http}/sip`, target, ...credentials };
    await this.user.page.evaluate((call) => (globalThis as unknown as Page).webPhone.call(call), options);
  }

  async said(): Promise<string[]> {
    return this.user.page.evaluate(() => (globalThis as unknown as Page).webPhone.said);
  }

  async waitFor(state: string, withinMs = 20_000): Promise<void> {
    await eventually(`the web phone says ${state}`, withinMs, async () =>
      (await this.said()).includes(state),
    ).catch(async (error: unknown) => {
      const log = this.user.log.slice(-60).join('\n');
      throw new Error(`it said ${(await this.said()).join(', ')}; its log:\n${log}`, { cause: error });
    });
  }

  async hold(held: 'hold' | 'resume'): Promise<void> {
    await this.user.page.evaluate((want) => (globalThis as unknown as Page).webPhone.hold(want), held);
  }

  async press(keys: string): Promise<boolean> {
    return this.user.page.evaluate((which) => (globalThis as unknown as Page).webPhone.press(which), keys);
  }

  async reconnect(): Promise<void> {
    await this.user.page.evaluate(() => (globalThis as unknown as Page).webPhone.reconnect());
  }

  async hangUp(): Promise<void> {
    await this.user.page.evaluate(() => (globalThis as unknown as Page).webPhone.hangUp());
  }

  async clearRecording(): Promise<void> {
    await this.user.clearRecording();
  }

  async heard(): Promise<Recording> {
    return this.user.heard();
  }

  async stop(): Promise<void> {
    await this.user.stop();
  }
}
