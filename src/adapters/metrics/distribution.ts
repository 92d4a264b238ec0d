import { Histogram } from 'prom-client';

/** How many values there were in each bucket, for one set of labels. */
export class Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** Values up to each bound and above the one before; the last: above all. */
  readonly counts: number[];
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

/**
 * A histogram whose values are added to {@link Distribution}s that were looked up before: prom-client's own makes a text of the
 * labels for each value, which costs more than the rest of a call's metrics together.
 */
export class SummedHistogram extends Histogram<string> {
  readonly #bounds: readonly number[];
  /** By their labels as text. */
  readonly #distributions = new Map<string, Distribution>();

  /** `bounds` of the buckets, rising. Without `labelNames` it is there from the beginning, empty. */
  constructor(name: string, help: string, bounds: readonly number[], labelNames: readonly string[]) {
    super({ name, help, buckets: [...bounds], labelNames: [...labelNames], registers: [] });
    this.#bounds = bounds;
    if (labelNames.length === 0) this.of({});
  }

  /** The distribution of these labels, whose number the caller bounds. */
  of(labels: Readonly<Record<string, string>>): Distribution {
    const key = JSON.stringify(labels);
    const known = this.#distributions.get(key);
    if (known !== undefined) return known;
    const made = new Distribution(labels, this.#bounds);
    this.#distributions.set(key, made);
    return made;
  }

  /** What the registry asks for, and prom-client's own `get`; the same values as that of {@link Histogram}, in the same order. */
  getForPromString() {
    const { name, help, type, aggregator } = this as unknown as MetricFacts;
    const values = [...this.#distributions.values()].flatMap(({ labels: sharedLabels, counts, sum }) => {
      let count = 0;
      const buckets = counts.map((own, at) => {
        count += own;
        const labels = { le: this.#bounds[at] ?? '+Inf' };
        return { metricName: `${name}_bucket`, labels, sharedLabels, value: count };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
        { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
      ];
    });
    return Promise.resolve({ name, help, type, values, aggregator });
  }
}

/** What prom-client keeps of a metric, and its types do not tell. */
interface MetricFacts {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
}
