import type { Page } from 'playwright-core';
import type { ChromiumUser } from './chromium.ts';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';

export interface JoinOptions {
  readonly room: string;
  readonly name: string;
  /** `relay`: every packet through TURN. */
  readonly path: 'any' | 'relay';
  /** Where the page is opened; absent: at the gateway's HTTP port. */
  readonly origin?: string;
}

/** Opens the product's page as a user would, and joins; comes back when the page says that it is connected. */
export async function joinRoom(user: ChromiumUser, gateway: Gateway, options: JoinOptions): Promise<void> {
  const { page } = user;
  await page.goto(`${options.origin ?? gateway.url}/${options.path === 'relay' ? '?relay=1' : ''}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(options.name);
  await page.getByRole('textbox', { name: 'Room' }).fill(options.room);
  await page.getByRole('button', { name: 'Join' }).click();
  await eventually(
    `${options.name} is connected`,
    30_000,
    async () => (await user.selectedPairs()).length > 0,
  ).catch(async (error: unknown) => {
    const said = await page.locator('body').textContent();
    throw new Error(`the page says: ${said}\nits log:\n${user.log.slice(-40).join('\n')}`, { cause: error });
  });
}

export async function leaveRoom(page: Page): Promise<void> {
  await page.getByRole('button', { name: /leave/i }).click();
}

/** The list entries of all who are shown as speaking now, as text. */
export async function speakingParticipants(page: Page): Promise<string[]> {
  return page.locator('[data-speaking]').allTextContents();
}
