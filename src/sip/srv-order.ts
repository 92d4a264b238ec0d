import type { Random } from '../base/random.ts';

/** One SRV record (RFC 2782). */
export interface SrvRecord {
  /** Lower is tried first. */
  readonly priority: number;
  /** Share among those of the same priority. */
  readonly weight: number;
  readonly port: number;
  /** Host name; `.` or empty says that the service is not there. */
  readonly target: string;
}

/** The order in which records are tried: by priority, and at random by weight within one (RFC 2782, "Weight"). */
export function srvOrder(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    byWeight(
      records.filter((record) => record.priority === priority),
      random,
    ),
  );
}

function byWeight(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  // Those of weight 0 first: so they have a small chance beside others.
  const left = [...records].sort((a, b) => Math.min(a.weight, 1) - Math.min(b.weight, 1));
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    const drawn = random.u32() % (sum + 1);
    let running = 0;
    const at = left.findIndex(({ weight }) => {
      running += weight;
      return running >= drawn;
    });
    ordered.push(...left.splice(at, 1));
  }
  return ordered;
}
