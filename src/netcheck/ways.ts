import { parseTurnUrl } from '../turn/turn-url.ts';
import type { MediaPort, TestServer } from './messages.ts';

/** Straight to the gateway's media port, or by a TURN server that is reached so. */
export type WayKind = 'udp' | 'tcp' | 'relay-udp' | 'relay-tcp' | 'relay-tls';

/** One end that a firewall has to let through. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** One way in which media may get through, to be tried by itself. */
export interface Way {
  /** Unique within a test. */
  readonly id: string;
  readonly kind: WayKind;
  /** Where it leads, first the one that is tried first; not empty. */
  readonly targets: readonly Target[];
  /** The TURN server, with the URLs of this way alone. */
  readonly server: TestServer | undefined;
}

/** Ways that are tried at most: what a gateway has and some TURN servers beside it. */
const MAX_WAYS = 12;
const ORDER: readonly WayKind[] = ['udp', 'tcp', 'relay-udp', 'relay-tcp', 'relay-tls'];

/** The ways that a gateway offers, the best first. Addresses of one server are one way; its ports are ways of their own. */
export function waysOf(media: readonly MediaPort[], servers: readonly TestServer[]): readonly Way[] {
  const ways: Way[] = [];
  for (const kind of ['udp', 'tcp'] as const) {
    const targets = media
      .filter(({ transport }) => transport === kind)
      .map(({ address, port }) => ({ host: address, port }));
    if (targets.length > 0) ways.push({ id: kind, kind, targets, server: undefined });
  }
  for (const [index, server] of servers.entries()) ways.push(...relayed(server, index));
  return ways.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)).slice(0, MAX_WAYS);
}

function relayed(server: TestServer, index: number): Way[] {
  const byId = new Map<string, { kind: WayKind; urls: string[]; targets: Target[] }>();
  for (const url of server.urls) {
    const where = parseTurnUrl(url);
    if (where === undefined) continue;
    const kind = `relay-${where.transport}` as const;
    const id = `${kind}-${index}-${where.port}`;
    const way = byId.get(id) ?? { kind, urls: [], targets: [] };
    way.urls.push(url);
    way.targets.push({ host: where.host, port: where.port });
    byId.set(id, way);
  }
  return Array.from(byId, ([id, { kind, urls, targets }]) => ({
    ...{ id, kind, targets },
    server: { ...server, urls },
  }));
}
