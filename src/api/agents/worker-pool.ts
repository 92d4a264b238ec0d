import type { Random } from '../../base/random.ts';
import type { AgentWorker, WorkerSort } from './worker.ts';

/** Which workers there are. */
export class WorkerPool {
  readonly #random: Random;
  readonly #workers = new Set<AgentWorker>();

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#workers.size;
  }

  add(worker: AgentWorker): void {
    this.#workers.add(worker);
  }

  remove(worker: AgentWorker): void {
    this.#workers.delete(worker);
  }

  [Symbol.iterator](): Iterator<AgentWorker> {
    return [...this.#workers][Symbol.iterator]();
  }

  /** Namespaces in which workers take such jobs: each gets one of its own, as LiveKit has it. */
  namespaces(sort: Omit<WorkerSort, 'namespace'>): string[] {
    const found = new Set<string>();
    for (const { sort: its } of this.#workers)
      if (its !== undefined && isSort(its, { ...sort, namespace: its.namespace })) found.add(its.namespace);
    return [...found].sort();
  }

  /** One of those that can take such a job, by chance, and the more likely the less it has to do; none of `tried`. */
  pick(sort: WorkerSort, tried: ReadonlySet<AgentWorker>): AgentWorker | undefined {
    const able = [...this.#workers].filter(
      (worker) =>
        worker.sort !== undefined && isSort(worker.sort, sort) && worker.room > 0 && !tried.has(worker),
    );
    const sum = able.reduce((total, { room }) => total + room, 0);
    let at = (sum * this.#random.u32()) / 2 ** 32;
    for (const worker of able) {
      at -= worker.room;
      if (at < 0) return worker;
    }
    return able.at(-1);
  }
}

function isSort(one: WorkerSort, other: WorkerSort): boolean {
  return (
    one.type === other.type &&
    one.agentName === other.agentName &&
    one.namespace === other.namespace &&
    one.deployment === other.deployment
  );
}
