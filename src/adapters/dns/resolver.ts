import { lookup } from 'node:dns';
import { Resolver as NodeResolver } from 'node:dns/promises';
import type { Clock } from '../../base/clock.ts';
import type { NaptrRecord, Resolver } from '../../sip/locate.ts';
import type { SrvRecord } from '../../sip/srv-order.ts';
import { AnswerCache } from './answer-cache.ts';

/** Node does not tell the TTL of SRV and NAPTR records: they are asked for again after this, ms. */
const SERVICE_TTL_MS = 60_000;
/** How long it is remembered that there is nothing, ms. */
const NOTHING_TTL_MS = 10_000;

export interface DnsOptions {
  /** `address` or `address:port`; absent: those of the system. */
  readonly servers?: readonly string[];
  /** How long one try may take, ms. */
  readonly timeoutMs?: number;
  readonly tries?: number;
  readonly clock: Clock;
}

interface Answer<T> {
  readonly records: readonly T[];
  readonly ttlMs: number;
}

/** The system's DNS, with answers kept as long as they are good. A name that only the hosts file knows is found as well. */
export class DnsResolver implements Resolver {
  readonly #dns: NodeResolver;
  readonly #cache: AnswerCache;

  constructor({ servers, timeoutMs = 1500, tries = 2, clock }: DnsOptions) {
    this.#dns = new NodeResolver({ timeout: timeoutMs, tries });
    if (servers !== undefined) this.#dns.setServers([...servers]);
    this.#cache = new AnswerCache(clock);
  }

  naptr(name: string, done: (records: readonly NaptrRecord[]) => void): void {
    this.#ask(`naptr ${name}`, done, async () => {
      const records = await this.#dns.resolveNaptr(name);
      return { records, ttlMs: SERVICE_TTL_MS };
    });
  }

  srv(name: string, done: (records: readonly SrvRecord[]) => void): void {
    this.#ask(`srv ${name}`, done, async () => {
      const records = await this.#dns.resolveSrv(name);
      const read = records.map(({ priority, weight, port, name: target }) => ({
        priority,
        weight,
        port,
        target,
      }));
      return { records: read, ttlMs: SERVICE_TTL_MS };
    });
  }

  addresses(host: string, done: (addresses: readonly string[]) => void): void {
    this.#ask(`host ${host}`, done, async () => {
      const found = await Promise.allSettled([
        this.#dns.resolve4(host, { ttl: true }),
        this.#dns.resolve6(host, { ttl: true }),
      ]);
      const records = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      if (records.length === 0) return { records: await hostsFile(host), ttlMs: NOTHING_TTL_MS };
      const ttl = Math.min(...records.map((record) => record.ttl));
      return { records: records.map(({ address }) => address), ttlMs: ttl * 1000 };
    });
  }

  /** Lets go of what is being asked: its callers get nothing. */
  close(): void {
    this.#dns.cancel();
  }

  #ask<T>(key: string, done: (records: readonly T[]) => void, ask: () => Promise<Answer<T>>): void {
    const known = this.#cache.get(key) as readonly T[] | undefined;
    if (known !== undefined) {
      done(known);
      return;
    }
    ask().then(
      ({ records, ttlMs }) => {
        this.#cache.put(key, records, records.length === 0 ? NOTHING_TTL_MS : ttlMs);
        done(records);
      },
      () => {
        // No such record, no such name, no answer: all the same to whoever looks for a way.
        this.#cache.put(key, [], NOTHING_TTL_MS);
        done([]);
      },
    );
  }
}

/** What the system knows besides the DNS. */
function hostsFile(host: string): Promise<string[]> {
  return new Promise((resolve) => {
    lookup(host, { all: true }, (error, found) => resolve(error ? [] : found.map(({ address }) => address)));
  });
}
