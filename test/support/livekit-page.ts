import type { ChromiumUser } from './chromium.ts';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import { repositoryRoot } from './root.ts';

/** Plain `livekit-client`, as an application has it, in a page: the room is `window.room`, the sockets `window.sockets`. */
export async function joinWithSdk(
  user: ChromiumUser,
  gateway: Pick<Gateway, 'url'>,
  options: {
    readonly room: string;
    readonly name: string;
    readonly singlePeerConnection?: boolean;
    /** A token, if the gateway's page does not give one to this process. */
    readonly token?: string;
    /** More options of `Room`, as its constructor has them. */
    readonly roomOptions?: string;
  },
): Promise<void> {
  const token = options.token ?? (await devToken(gateway.url, options));
  await user.page.addInitScript({ content: socketRecorder });
  await user.page.goto(gateway.url);
  await user.page.addScriptTag({
    path: `${repositoryRoot}node_modules/livekit-client/dist/livekit-client.umd.js`,
  });
  await user.page.evaluate(
    `(async () => {
      const { Room, RoomEvent } = window.LivekitClient;
      const room = new Room({ singlePeerConnection: ${options.singlePeerConnection ?? true}${options.roomOptions ?? ''} });
      window.room = room;
      window.said = [];
      for (const event of ['signalReconnecting', 'reconnecting', 'reconnected', 'disconnected', 'localTrackPublished', 'trackSubscriptionFailed'])
        room.on(event, () => window.said.push(event));
      room.on('trackSubscribed', (track) => { document.body.append(track.attach()); });
      await room.connect(${JSON.stringify(gateway.url.replace('http', 'ws'))}, ${JSON.stringify(token)});
    })()`,
  );
}

/** A token for a room, as the page gets it in development. */
async function devToken(url: string, { name, room }: { room: string; name: string }): Promise<string> {
  const response = await fetch(`${url}/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room, name }),
  });
  return ((await response.json()) as { token: string }).token;
}

/** Remembers every WebSocket, so that a test can cut one. */
const socketRecorder = `(() => {
  window.sockets = [];
  window.WebSocket = class extends window.WebSocket {
    constructor(...args) { super(...args); window.sockets.push(this); }
  };
})();`;

/** Waits until the page's expression is true; on failure says what the page logged. */
export async function pageSays(
  user: ChromiumUser,
  what: string,
  expression: string,
  withinMs = 30_000,
): Promise<void> {
  await eventually(what, withinMs, async () => (await user.page.evaluate(expression)) === true).catch(
    async (error: unknown) => {
      const said = await user.page.evaluate('JSON.stringify(window.said)');
      throw new Error(`it said ${said}; its log:\n${user.log.slice(-60).join('\n')}`, { cause: error });
    },
  );
}
