import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { LoneOutcome, LoneRequest } from '../../../src/sip/ports.ts';
import { TargetHealth } from '../../../src/trunk/health.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import { Registrations } from '../../../src/trunk/registrations.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { outboundTrunk } from './trunks.ts';

/** How a trunk registers. */
export const SETTINGS = {
  ...{ domain: 'carrier.example', user: 'u', expiresMs: 3_600_000, retryMs: 10_000, maxRetryMs: 60_000 },
};

export type Reply = (request: LoneRequest) => {
  status: number;
  headers?: Record<string, string[]>;
};

/** A carrier by hand: each REGISTER or OPTIONS is answered a millisecond later by `reply`. */
export function world(change: Partial<OutboundTrunk> = {}) {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const random = new SeededRandom(5);
  const events: GatewayEvent[] = [];
  const sent: { at: number; request: LoneRequest }[] = [];
  let reply: Reply = () => ({ status: 0 });
  const trunk = outboundTrunk({ register: SETTINGS, ...change });
  const tokens = new Map<string, string>();
  const engine = {
    request(request: LoneRequest, onFinal: (outcome: LoneOutcome) => void) {
      sent.push({ at: time.now, request });
      const { status, headers = {} } = reply(request);
      timers.schedule(time.now + 1, () =>
        onFinal({
          ...{ status, why: status === 0 ? 'timeout' : 'response' },
          contact: `sip:${request.contactUser ?? ''}@192.0.2.1:5060`,
          headers: (name) =>
            Object.entries(headers).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1] ?? [],
        }),
      );
    },
  };
  const shared = {
    ...{ trunks: [trunk], engine, clock, timers, random, emit: (event: GatewayEvent) => events.push(event) },
    locate: ({ host }: { host: string }, found: (hops: never[]) => void) =>
      found(
        (host === 'nowhere' ? [] : [{ transport: 'udp', remote: { address: host, port: 5060 } }]) as never,
      ),
  };
  const registrations = new Registrations({ ...shared, tokens, isUp: () => true, digests: nodeDigests });
  const contact = `sip:${tokens.get('out')}@192.0.2.1:5060`;
  return {
    ...{ registrations, events, sent, timers, contact, clock, trunk, tokens },
    health: new TargetHealth(shared),
    answer: (next: Reply) => {
      reply = next;
    },
    pass: (ms: number) => time.pass(ms),
    /** Since the last asking: when and what. */
    ladder: () =>
      sent.splice(0).map(({ at, request: { cseq, contactParams, next } }) => {
        return `${Math.round(at / 1000)} ${cseq} ${contactParams} ${next.remote.address}`;
      }),
  };
}

/** Binds `contact` for so many seconds. */
export const bound =
  (contact: string, expires: number): Reply =>
  () => ({ status: 200, headers: { Contact: [`<${contact}>;expires=${expires}`] } });
