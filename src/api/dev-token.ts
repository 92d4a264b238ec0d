import type { Context } from 'hono';
import { z } from 'zod';
import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';

/** What signs development tokens; `adapters/jwt` does. */
export interface DevTokens {
  mint(wish: { identity: string; name: string; room: string; ttlSeconds: number }): Promise<string>;
  readonly random: Random;
}

/** Long enough for a day's meeting: LiveKit's clients reconnect with the token they have. */
const TTL_SECONDS = 6 * 3600;

const Wish = z.object({
  name: z.string().trim().min(1).max(64),
  room: z.string().trim().min(1).max(128),
});

/** `POST /dev/token` with `{ name, room }` answers `{ token, identity }`. The identity is new each time. */
export async function devToken(context: Context, { mint, random }: DevTokens): Promise<Response> {
  // A form of another site could send text/plain without asking; JSON it cannot.
  if (!context.req.header('content-type')?.startsWith('application/json')) {
    return context.json({ error: 'send application/json' }, 415);
  }
  const wish = Wish.safeParse(await context.req.json().catch(() => undefined));
  if (!wish.success) return context.json({ error: 'name and room are needed' }, 400);
  const { name, room } = wish.data;
  const readable = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const identity = `${readable === '' ? 'guest' : readable}-${randomText(random, 4)}`;
  return context.json({ token: await mint({ identity, name, room, ttlSeconds: TTL_SECONDS }), identity });
}
