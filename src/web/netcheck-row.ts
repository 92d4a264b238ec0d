import type { Measured } from '../netcheck/findings.ts';
import { lossText, rttText } from '../netcheck/words.ts';
import { make } from './elements.ts';
import { icon } from './icons.ts';

/** One line of a connection test: what is tried, whether it works, and its numbers. */
export class NetcheckRow {
  readonly element = make('li', 'way');
  readonly #mark = make('span', 'way-mark');
  readonly #result = make('span', 'way-result');

  constructor(name: string, where: string) {
    const text = make('span', 'way-text');
    text.append(make('span', 'way-name', name), make('span', 'way-where', where));
    this.element.append(this.#mark, text, this.#result);
    this.#show('trying', [], 'is being tried');
  }

  /** It works; `loss` of a stream says nothing. */
  works(measured: Measured, loss: 'counted' | 'none'): void {
    const numbers = [rttText(measured), ...(loss === 'counted' ? [`${lossText(measured)} lost`] : [])];
    this.#show('works', numbers, 'works');
  }

  /** It does not, which `word` says; `detail` may be empty. */
  fails(detail: string, word: string): void {
    this.#show('fails', [word], 'does not work');
    if (detail !== '') this.element.title = detail;
  }

  #show(state: 'trying' | 'works' | 'fails', result: readonly string[], spoken: string): void {
    this.element.dataset['state'] = state;
    this.#mark.replaceChildren(
      ...(state === 'trying' ? [] : [icon(state === 'works' ? 'check' : 'cross')]),
      make('span', 'sr-only', spoken),
    );
    this.#result.replaceChildren(...result.map((text) => make('span', '', text)));
  }
}
