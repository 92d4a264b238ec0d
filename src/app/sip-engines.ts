import { DrachtioEngine, type DrachtioOptions } from '../adapters/drachtio/engine.ts';
import type { EventSink } from '../events/index.ts';
import type { SipEndpoint } from '../sip/endpoint.ts';
import type { Authorize, IncomingInvite, SipEngine, TermsOf } from '../sip/ports.ts';
import type { Config } from './config/schema.ts';

const ALL = ['udp', 'tcp', 'tls'] as const;

/** What the configuration says. */
type Configured = 'host' | 'port' | 'secret' | 'emit' | 'userAgent' | 'session' | 'limits';

/** An engine as the gateway runs it. */
interface GatewayEngine extends SipEngine {
  authorize: Authorize;
  /** Absent: the same terms for all. */
  termsOf?: TermsOf;
  drain(): void;
  shutdown(): void;
}

/** Who takes the calls that come in. */
interface Phones {
  readonly onInvite: (invite: IncomingInvite) => void;
  readonly authorize: Authorize;
  readonly termsOf: TermsOf;
}

/** The engines that calls come in by: the embedded one, and drachtio where it has the trunks. */
export interface SipEngines extends Pick<SipEngine, 'gauges'> {
  /** By which calls go out. */
  readonly trunks: SipEngine;
  readonly transports: readonly ('udp' | 'tcp' | 'tls')[];
  /** Gives all calls that come in to `phones`. */
  serve(phones: Phones): void;
  /** What is missing for calls of trunks; empty: nothing. */
  notReady(): string;
  /** OPTIONS gets 503 from now on. */
  drain(): void;
  /** No new calls from now on. */
  shutdown(): void;
  close(): void;
}

/** Where the embedded engine listens: with drachtio it serves nobody but web phones, which come over the HTTP port. */
export function embeddedListen({ sip }: Pick<Config, 'sip'>): { address: string; port: number } {
  return sip.engine === 'drachtio' ? { address: '127.0.0.1', port: 0 } : sip;
}

/** Connects to drachtio where that is configured. It need not be there yet: calls are refused until it is. */
export function openSipEngines(
  { sip, drachtio, limits }: Pick<Config, 'sip' | 'drachtio' | 'limits'>,
  embedded: SipEndpoint,
  options: Omit<DrachtioOptions, Configured> & { readonly emit: EventSink; readonly listensForTls: boolean },
): SipEngines {
  if (sip.engine === 'embedded') {
    const transports = options.listensForTls ? ALL : ALL.slice(0, 2);
    return { ...together([embedded]), trunks: embedded, transports, notReady: () => '', close() {} };
  }
  const { host, port, secret = '' } = drachtio;
  const engine = new DrachtioEngine({
    ...{ ...options, host, port, secret },
    userAgent: sip.user_agent,
    session: {
      sessionExpires: Math.round(sip.session_expires / 1000),
      minSe: Math.ceil(sip.min_se / 1000),
    },
    limits: { calls: limits.max_calls, messagesPerSecond: sip.messages_per_second },
  });
  engine.start();
  return {
    ...together([embedded, engine]),
    trunks: engine,
    // Which of them it has is its configuration's to say.
    transports: ALL,
    notReady: () => (engine.isUp ? '' : 'no connection to drachtio'),
    close: () => engine.abandon(),
  };
}

function together(
  engines: readonly GatewayEngine[],
): Pick<SipEngines, 'gauges' | 'serve' | 'drain' | 'shutdown'> {
  return {
    serve(phones) {
      for (const engine of engines) {
        engine.onInvite = phones.onInvite;
        engine.authorize = phones.authorize;
        if ('termsOf' in engine) engine.termsOf = phones.termsOf;
      }
    },
    drain() {
      for (const engine of engines) engine.drain();
    },
    shutdown() {
      for (const engine of engines) engine.shutdown();
    },
    gauges() {
      const sum = { calls: 0, transactions: 0, connections: 0 };
      for (const each of engines.map((engine) => engine.gauges())) {
        sum.calls += each.calls;
        sum.transactions += each.transactions;
        sum.connections += each.connections;
      }
      return sum;
    },
  };
}
