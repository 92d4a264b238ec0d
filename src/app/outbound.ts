import { nodeDigests } from '../adapters/crypto/crypto.ts';
import { DnsResolver } from '../adapters/dns/resolver.ts';
import type { Clock } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import { Dialer } from '../call/dialer.ts';
import type { PhoneCalls } from '../call/phone-calls.ts';
import type { EventSink } from '../events/index.ts';
import type { RoomDirectory } from '../room/ports.ts';
import { Locator } from '../sip/locator.ts';
import type { Authenticator, NextHop, SipEngine } from '../sip/ports.ts';
import { TrunkAccounts } from '../trunk/accounts.ts';
import { TargetHealth } from '../trunk/health.ts';
import { KeepAlive } from '../trunk/keep-alive.ts';
import { TrunkLimits } from '../trunk/limits.ts';
import type { MediaPolicy } from '../trunk/media-policy.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import { Registrations } from '../trunk/registrations.ts';

/** All that goes out by trunks: calls, registrations, questions after the health of their targets. */
export interface Outbound {
  readonly dialer: Dialer;
  /** Users of our registered Contacts, by trunk. */
  readonly tokens: ReadonlyMap<string, string>;
  /** What proves us to the carrier of an outbound trunk. */
  readonly authenticatorOf: (trunk: string | undefined) => Authenticator | undefined;
  readonly gauges: () => { readonly registrations: number; readonly targetsDown: number };
  /** Begins to register and to ask. */
  start(): void;
  /** Calls go out by these trunks from here on; those that are new are registered and asked, and bindings of others are taken back. */
  replace(trunks: readonly OutboundTrunk[]): void;
  /** No new calls; bindings are taken back, so that carriers send none here. The ways to those that are up are kept open. */
  drain(): void;
  /** No new calls, no more questions; bindings are taken back. */
  stop(): void;
  /** Nothing is under way any more. */
  isOver(): boolean;
}

/** Wires the outbound trunks of a configuration to a SIP engine. */
export function openOutbound(parts: {
  readonly trunks: readonly OutboundTrunk[];
  readonly engine: SipEngine;
  readonly rooms: RoomDirectory;
  readonly maxCalls: number;
  readonly transports: readonly ('udp' | 'tcp' | 'tls')[];
  readonly announce: (remote: HostPort) => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  readonly calls?: PhoneCalls;
  /** Where the users of our Contacts are kept, for who decides on calls that come for them. */
  readonly tokens?: Map<string, string>;
  readonly mediaPolicy?: MediaPolicy;
  /** Sends a double CRLF. */
  readonly ping: (next: NextHop) => void;
}): Outbound {
  const { engine, rooms, maxCalls, transports, announce, calls, clock, timers, random, emit } = parts;
  const { tokens = new Map<string, string>() } = parts;
  let { trunks } = parts;
  const shared = { engine, clock, timers, random, emit };
  const locator = new Locator({ resolver: new DnsResolver({ clock }), random, transports, clock });
  const { locate } = locator;
  const health = new TargetHealth({ ...shared, trunks, locate });
  const { isUp } = health;
  const registrations = new Registrations({
    ...{ ...shared, trunks, tokens, locate, isUp, digests: nodeDigests },
  });
  const keepAlive = new KeepAlive({
    ...shared,
    trunks,
    locate,
    homeOf: registrations.homeOf,
    ping: parts.ping,
  });
  const accounts = new TrunkAccounts({ digests: nodeDigests, random, emit });
  const limits = new TrunkLimits();
  const dialer = new Dialer({
    ...{ ...shared, rooms, limits, maxCalls, announce, isUp, calls },
    mediaPolicy: parts.mediaPolicy,
    authenticatorOf: accounts.of,
    locator,
  });
  return {
    dialer,
    tokens,
    authenticatorOf(id) {
      const trunk = trunks.find((each) => each.id === id);
      return trunk === undefined ? undefined : accounts.of(trunk);
    },
    gauges: () => ({ registrations: registrations.registered, targetsDown: health.gauges().down }),
    start() {
      health.start();
      keepAlive.start();
      registrations.start();
    },
    replace(now) {
      trunks = now;
      const ids = new Set(now.map(({ id }) => id));
      limits.keep(ids);
      accounts.keep(ids);
      health.replace(now);
      keepAlive.replace(now);
      registrations.replace(now);
    },
    drain() {
      dialer.drain();
      health.stop();
      registrations.stop();
    },
    stop() {
      dialer.stop();
      health.stop();
      keepAlive.stop();
      registrations.stop();
    },
    isOver: () => dialer.size === 0 && registrations.pending === 0,
  };
}
