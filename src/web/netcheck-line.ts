import { type Answer, type Question, readAnswer } from '../netcheck/messages.ts';
import { PlainError, UNREACHABLE } from './words.ts';

/** How long the gateway may take for anything, ms. */
const ANSWER_MS = 8000;

type Welcome = Extract<Answer, { type: 'welcome' }>;

/** Begins a test. Rejects with a PlainError that says why there is none. */
export async function beginNetcheck(token: string): Promise<{ line: NetcheckLine; welcome: Welcome }> {
  const line = new NetcheckLine(token);
  try {
    return { line, welcome: await line.next((answer): answer is Welcome => answer.type === 'welcome') };
  } catch {
    line.close();
    throw new PlainError(await reasonOf(token));
  }
}

/** A browser does not tell why a WebSocket was refused: the gateway does, by HTTP. */
async function reasonOf(token: string): Promise<string> {
  try {
    const asked = await fetch('/rtc/validate', { headers: { Authorization: `Bearer ${token}` } });
    const text = (await asked.text()).trim();
    if (asked.status === 401 || asked.status === 400) return `The gateway does not let you in: ${text}.`;
    return asked.ok
      ? 'The WebSocket of the test does not open: a proxy on the way may let none through, and then nobody can join either. Or too many tests are running: try again in a minute.'
      : UNREACHABLE;
  } catch {
    return UNREACHABLE;
  }
}

/** The WebSocket of a connection test. */
export class NetcheckLine {
  readonly #socket: WebSocket;
  readonly #waiting = new Set<{ wanted(answer: Answer): boolean; done(answer: Answer | undefined): void }>();

  constructor(token: string) {
    const url = `${location.origin.replace(/^http/, 'ws')}/netcheck?access_token=${encodeURIComponent(token)}`;
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('message', ({ data }) => this.#hear(readAnswer(String(data))));
    this.#socket.addEventListener('close', () => this.close());
  }

  /** Asks, and waits for the answer that is `wanted`. Rejects as {@link next} does. */
  ask<T extends Answer>(question: Question, wanted: (answer: Answer) => answer is T): Promise<T> {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(question));
    return this.next(wanted);
  }

  /** The next answer that is `wanted`; rejects when none comes in time, or the connection is gone. */
  next<T extends Answer>(wanted: (answer: Answer) => answer is T): Promise<T> {
    return new Promise((resolve, reject) => {
      const one = {
        wanted,
        done: (answer: Answer | undefined) => {
          clearTimeout(timer);
          this.#waiting.delete(one);
          if (answer === undefined) reject(new PlainError('The connection to the gateway was lost.'));
          else resolve(answer as T);
        },
      };
      const timer = setTimeout(() => one.done(undefined), ANSWER_MS);
      this.#waiting.add(one);
      if (this.#socket.readyState > WebSocket.OPEN) one.done(undefined);
    });
  }

  /** Ends the test. */
  close(): void {
    this.#socket.close();
    for (const { done } of [...this.#waiting]) done(undefined);
  }

  #hear(answer: Answer | undefined): void {
    if (answer === undefined) return;
    for (const { wanted, done } of [...this.#waiting]) if (wanted(answer)) done(answer);
  }
}
