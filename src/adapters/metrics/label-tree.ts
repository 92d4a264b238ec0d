export type Labels = Readonly<Record<string, string | number>>;

/** The way to what belongs to a set of labels: by their values as they came, one after the other. */
interface Branch<T> {
  leaf: T | undefined;
  readonly values: Map<string | number, Branch<T>>;
}

/** Branches of one tree; what has labels beyond is looked up the long way. */
const MAX_BRANCHES = 1000;

/**
 * Finds what belongs to a set of labels without making a text or an object of them: events bring the same few again and again. Labels of
 * one tree always come in the same order.
 */
export class LabelTree<T> {
  readonly #find: (labels: Labels) => T;
  readonly #root: Branch<T> = { leaf: undefined, values: new Map() };
  #branches = 0;

  /** `find` is asked for labels that were not seen yet. */
  constructor(find: (labels: Labels) => T) {
    this.#find = find;
  }

  get(labels: Labels): T {
    let branch = this.#root;
    for (const label in labels) {
      const value = labels[label]!;
      let next = branch.values.get(value);
      if (next === undefined) {
        if (this.#branches >= MAX_BRANCHES) return this.#find(labels);
        this.#branches++;
        next = { leaf: undefined, values: new Map() };
        branch.values.set(value, next);
      }
      branch = next;
    }
    branch.leaf ??= this.#find(labels);
    return branch.leaf;
  }
}
