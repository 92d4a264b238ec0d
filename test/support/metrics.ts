/** One sample of a Prometheus exposition: `name{label="value"} number`. */
interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** What `/metrics` said at one moment. */
export class Metrics {
  readonly text: string;
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    this.text = text;
    this.#samples = text.split('\n').flatMap((line) => parseSample(line) ?? []);
  }

  /** The sum over all label sets of `name` that have at least `labels`; undefined when the name is not there. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels);
    const found = this.#samples.filter(
      (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels.get(key) === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0);
  }

  /** All samples whose name matches, as `name{labels}` to value: for whole-set assertions and for failures. */
  matching(pattern: RegExp): Record<string, number> {
    const found: Record<string, number> = {};
    for (const { name, labels, value } of this.#samples) {
      if (!pattern.test(name)) continue;
      const text = [...labels].map(([key, each]) => `${key}="${each}"`).join(',');
      found[text === '' ? name : `${name}{${text}}`] = value;
    }
    return found;
  }
}

function parseSample(line: string): Sample | undefined {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
  if (match === null) return undefined;
  const labels = new Map<string, string>();
  for (const [, key, value] of (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels.set(key!, value!);
  return { name: match[1]!, labels, value: Number(match[3]) };
}
