import type { Random } from '../base/random.ts';
import type { Target } from './outbound.ts';

/**
 * The order in which targets are tried: by priority, within one by a lot that respects the weights (RFC 2782), those
 * that do not answer OPTIONS last. Nothing is left out: a check may be wrong, and the last resort is to try.
 */
export function orderTargets(
  targets: readonly Target[],
  isUp: (target: Target) => boolean,
  random: Random,
): readonly Target[] {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const key = `${isUp(target) ? 0 : 1} ${String(target.priority).padStart(5, '0')}`;
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.keys()].sort().flatMap((key) => drawn(groups.get(key) ?? [], random));
}

function drawn(group: readonly Target[], random: Random): Target[] {
  const left = [...group];
  const order: Target[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    let lot = (random.u32() / 0x1_0000_0000) * sum;
    let at = 0;
    while (at < left.length - 1 && lot >= left[at]!.weight) lot -= left[at++]!.weight;
    order.push(...left.splice(at, 1));
  }
  return order;
}

/** `sip.carrier.example:5060/udp`, for people. */
export function formatTarget({ host, port, transport }: Target): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${name}${port === undefined ? '' : `:${port}`}/${transport}`;
}
