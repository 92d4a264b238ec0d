import { monotonicClock } from '../../adapters/clock/clock.ts';
import {
  connectTextSocket,
  type SocketFault,
  type TextListener,
  type TextSocket,
} from '../../adapters/websocket/client.ts';
import type { Millis } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Measured, measure } from '../../netcheck/findings.ts';
import { type Answer, type Question, readAnswer } from '../../netcheck/messages.ts';
import { faultText } from '../fault-text.ts';

/** How long the gateway may take for anything, ms. */
const ANSWER_MS = 8000;
const PINGS = 10;
/** Answers that are kept for a reader that is behind. */
const MAX_UNREAD = 64;

type Welcome = Extract<Answer, { type: 'welcome' }>;
type StunPlace = Extract<Answer, { type: 'stun' }>;

/** A connection test that a gateway has begun with us. */
export interface GatewayTest {
  readonly welcome: Welcome;
  /** Round trips of the WebSocket itself. */
  signaling(): Promise<Measured>;
  /** A place for ICE's checks; the text says why there is none. */
  stun(): Promise<Result<StunPlace, string>>;
  close(): void;
}

/** The base of a URL that a person typed, `https://host:port` without a slash; undefined: it is none of HTTP's or WebSocket's. */
export function gatewayBase(typed: string): string | undefined {
  const text = /^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host } = new URL(text);
  const secure = protocol === 'https:' || protocol === 'wss:';
  if (host === '' || (!secure && protocol !== 'http:' && protocol !== 'ws:')) return undefined;
  return `${secure ? 'https' : 'http'}://${host}`;
}

/** Asks a gateway in development mode for a token; the text says why there is none. */
export async function askDevToken(base: string): Promise<Result<string, string>> {
  try {
    const response = await fetch(`${base}/dev/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'netcheck', room: 'netcheck' }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const said = (await response.json().catch(() => undefined)) as { token?: unknown } | undefined;
    if (response.ok && typeof said?.token === 'string') return ok(said.token);
    return fail(
      `${base} gives no tokens by itself: say --token with one that your backend makes, or --config with the gateway's own configuration`,
    );
  } catch (error) {
    return fail(`no gateway answers at ${base}: ${faultText(error)}`);
  }
}

/** Begins a test; the text says why the gateway does not. */
export async function beginTest(base: string, token: string): Promise<Result<GatewayTest, string>> {
  const line = new Line();
  const url = `${base.replace(/^http/, 'ws')}/netcheck`;
  const opened = await connectTextSocket(url, token, ANSWER_MS, line);
  if (!opened.ok) return fail(refusalText(base, opened.error));
  line.socket = opened.value;
  const welcome = await line.next((answer) => answer.type === 'welcome');
  if (welcome?.type !== 'welcome') {
    line.close();
    return fail(`${base} does not speak as a Trunkroom gateway does`);
  }
  return ok({
    welcome,
    signaling: () => signaling(line),
    stun: async () => {
      line.ask({ type: 'stun' });
      const answer = await line.next(({ type }) => type === 'stun' || type === 'refused');
      if (answer?.type === 'stun') return ok(answer);
      return fail(answer?.type === 'refused' ? answer.reason : 'the gateway does not answer any more');
    },
    close: () => line.close(),
  });
}

async function signaling(line: Line): Promise<Measured> {
  const roundTrips: Millis[] = [];
  for (let number = 0; number < PINGS; number++) {
    const askedAt = monotonicClock.now();
    line.ask({ type: 'ping', number });
    const pong = await line.next((answer) => answer.type === 'pong' && answer.number === number);
    if (pong === undefined) break;
    roundTrips.push(monotonicClock.now() - askedAt);
  }
  return measure(PINGS, roundTrips);
}

/** The WebSocket as questions and answers. */
class Line implements TextListener {
  socket: TextSocket | undefined;
  /** Answers that nobody has waited for yet: no more than questions, and the welcome. */
  readonly #unread: Answer[] = [];
  #waiting: (() => void) | undefined;
  #closed = false;

  text(text: string): void {
    const answer = readAnswer(text);
    if (answer === undefined || this.#unread.length > MAX_UNREAD) return;
    this.#unread.push(answer);
    this.#waiting?.();
  }

  closed(): void {
    this.#closed = true;
    this.#waiting?.();
  }

  ask(question: Question): void {
    this.socket?.send(JSON.stringify(question));
  }

  /** The next answer that is `wanted`, and none before it; undefined when there is none in time, or the gateway hung up. */
  async next(wanted: (answer: Answer) => boolean): Promise<Answer | undefined> {
    const endsAt = monotonicClock.now() + ANSWER_MS;
    for (;;) {
      const answer = this.#unread.shift() ?? (await this.#arrival(endsAt - monotonicClock.now()));
      if (answer === undefined || wanted(answer)) return answer;
    }
  }

  close(): void {
    this.socket?.close();
  }

  #arrival(withinMs: Millis): Promise<Answer | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#waiting?.(), withinMs);
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(this.#unread.shift());
      };
    });
  }
}

function refusalText(base: string, fault: SocketFault): string {
  if (fault.kind === 'failed') return `no gateway answers at ${base}: ${faultText(fault.error)}`;
  const { status, text } = fault;
  if (status === 401 || status === 400) return `the gateway at ${base} does not let us in: ${text}`;
  if (status === 429 || status === 503) return `the gateway at ${base} has no time for a test: ${text}`;
  return (
    `${base} answered ${status} in the place of a WebSocket: it is no Trunkroom gateway, or one without a test, ` +
    'or a proxy before it lets no WebSocket through, and then nobody can join either'
  );
}
