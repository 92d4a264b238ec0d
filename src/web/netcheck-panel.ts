import { type Finding, type Measured, measure } from '../netcheck/findings.ts';
import type { Answer } from '../netcheck/messages.ts';
import { type Way, waysOf } from '../netcheck/ways.ts';
import { adviceOf, reportText, targetText, verdictOf, verdictText, wayName } from '../netcheck/words.ts';
import { element, make } from './elements.ts';
import { icon } from './icons.ts';
import { beginNetcheck, type NetcheckLine } from './netcheck-line.ts';
import { NetcheckRow } from './netcheck-row.ts';
import { tryWay } from './netcheck-way.ts';
import { PlainError } from './words.ts';

const PINGS = 10;
/** How long a button says that it has copied, ms. */
const COPIED_MS = 2000;

type Pong = Extract<Answer, { type: 'pong' }>;

/** The panel in which a person tests which ways to the gateway are open. */
export class NetcheckPanel {
  readonly #dialog = element('netcheck', HTMLDialogElement);
  readonly #ways = element('netcheck-ways', HTMLElement);
  readonly #verdict = element('netcheck-verdict', HTMLElement);
  readonly #advice = element('netcheck-advice', HTMLElement);
  readonly #copy = element('netcheck-copy', HTMLButtonElement);
  readonly #again = element('netcheck-again', HTMLButtonElement);
  readonly #token: () => Promise<string>;
  #line: NetcheckLine | undefined;
  /** The run that is shown; others have nobody to tell. */
  #current: symbol | undefined;
  #report = '';

  /** `token`: one that may join a room, asked for at each test. */
  constructor(token: () => Promise<string>) {
    this.#token = token;
    const close = element('netcheck-close', HTMLButtonElement);
    close.append(icon('cross'));
    close.addEventListener('click', () => this.#dialog.close());
    // A click beside it is one on the dialog itself, which has nothing around its content.
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
    this.#dialog.addEventListener('close', () => this.#end());
    this.#again.addEventListener('click', () => void this.#run());
    this.#copy.addEventListener('click', () => void this.#copyReport());
  }

  /** Shows the panel and begins a test. */
  open(): void {
    this.#dialog.showModal();
    void this.#run();
  }

  async #run(): Promise<void> {
    const run = this.#begin();
    const signaling = this.#row('Signaling (WebSocket)', location.host);
    try {
      const token = await this.#token();
      if (run !== this.#current) return;
      const { line, welcome } = await beginNetcheck(token);
      if (run !== this.#current) {
        line.close();
        return;
      }
      this.#line = line;
      signaling.works(await pings(line), 'none');
      const ways = waysOf(welcome.media, welcome.servers);
      const findings = await Promise.all(ways.map((way) => this.#try(way, line)));
      if (run === this.#current) this.#conclude(findings);
    } catch (error) {
      if (run !== this.#current) return;
      signaling.fails('', 'failed');
      this.#say('none', sentenceOf(error));
    } finally {
      if (run === this.#current) this.#end();
    }
  }

  /** Clears the panel for another run. */
  #begin(): symbol {
    this.#end();
    this.#ways.replaceChildren();
    this.#advice.replaceChildren();
    this.#say('none-yet', 'All ways are being tried. This takes some seconds.');
    this.#copy.hidden = true;
    this.#again.disabled = true;
    this.#current = Symbol('run');
    return this.#current;
  }

  /** Nobody waits for the run any more. */
  #end(): void {
    this.#current = undefined;
    this.#line?.close();
    this.#line = undefined;
    this.#again.disabled = false;
  }

  async #try(way: Way, line: NetcheckLine): Promise<Finding> {
    const row = this.#row(wayName(way), targetText(way));
    const finding = await tryWay(way, line);
    if (finding.works) row.works(finding.measured, 'counted');
    else row.fails(finding.detail, 'blocked');
    return finding;
  }

  #conclude(findings: readonly Finding[]): void {
    this.#say(verdictOf(findings), verdictText(findings));
    this.#advice.replaceChildren(...adviceOf(findings).map((said) => make('li', '', said)));
    this.#report = `Connection test of ${location.host}\n\n${reportText(findings)}\n`;
    this.#copy.hidden = navigator.clipboard === undefined;
  }

  #say(verdict: string, text: string): void {
    this.#verdict.dataset['verdict'] = verdict;
    this.#verdict.textContent = text;
  }

  #row(name: string, where: string): NetcheckRow {
    const row = new NetcheckRow(name, where);
    this.#ways.append(row.element);
    return row;
  }

  async #copyReport(): Promise<void> {
    const usual = 'Copy the result';
    const done = await navigator.clipboard.writeText(this.#report).then(
      () => true,
      () => false,
    );
    this.#copy.textContent = done ? 'Copied' : 'It could not be copied';
    setTimeout(() => {
      this.#copy.textContent = usual;
    }, COPIED_MS);
  }
}

async function pings(line: NetcheckLine): Promise<Measured> {
  const roundTrips: number[] = [];
  for (let number = 0; number < PINGS; number++) {
    const askedAt = performance.now();
    await line.ask(
      { type: 'ping', number },
      (answer): answer is Pong => answer.type === 'pong' && answer.number === number,
    );
    roundTrips.push(performance.now() - askedAt);
  }
  return measure(PINGS, roundTrips);
}

function sentenceOf(error: unknown): string {
  if (error instanceof PlainError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
