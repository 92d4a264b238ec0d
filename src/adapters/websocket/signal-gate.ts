import type { IncomingMessage } from 'node:http';
import { bearerToken } from '../../base/bearer.ts';
import type { Admission, SignalUrl } from '../../peer/admission.ts';
import type { QuotaLimits } from './quota.ts';
import { SocketGate, type SocketGateOptions } from './socket-gate.ts';
import { refuseUpgrade, sourceOf, urlOf } from './upgrade.ts';

type GateOptions = SocketGateOptions<SignalUrl, Admission>;

export interface SignalGateOptions extends Pick<GateOptions, 'admit' | 'open' | 'emit' | 'onFault'> {
  readonly trusts?: GateOptions['trusts'];
  readonly limits?: SignalLimits;
}

export interface SignalLimits extends QuotaLimits {
  /** Largest message, bytes. */
  readonly message: number;
  /** Time between WebSocket pings, ms; who misses two is gone. */
  readonly heartbeatMs: number;
}

export const defaultSignalLimits: SignalLimits = {
  connections: 10_000,
  perAddress: 200,
  message: 512 * 1024,
  heartbeatMs: 15_000,
};

/** The door for WebSockets at `/rtc` and `/rtc/v1`, and the last one: what no door before it takes has no path. */
export class SignalGate extends SocketGate<SignalUrl, Admission> {
  constructor({ limits = defaultSignalLimits, trusts = () => false, ...options }: SignalGateOptions) {
    super({
      ...{ ...options, trusts, limits, maxMessage: limits.message, heartbeatMs: limits.heartbeatMs },
      read: readUrl,
      otherwise: (request, socket) => {
        const [reason, status] = ['no-such-path', 404];
        socket.on('error', () => socket.destroy());
        options.emit({ type: 'signal.refused', source: sourceOf(request, trusts), reason, status });
        refuseUpgrade(socket, status, 'not found');
      },
    });
  }
}

function readUrl(request: IncomingMessage): SignalUrl | undefined {
  const url = urlOf(request);
  // LiveKit's clients of some versions leave a slash at the end.
  const path = url?.pathname.replace(/\/$/, '');
  if (url === undefined || (path !== '/rtc' && path !== '/rtc/v1')) return undefined;
  return {
    path,
    query: (name) => url.searchParams.get(name) ?? undefined,
    bearer: bearerToken(request.headers.authorization),
  };
}
