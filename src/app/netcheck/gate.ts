import {
  SocketGate,
  type SocketGateOptions,
  type TokenAsked,
  tokenAt,
} from '../../adapters/websocket/socket-gate.ts';
import type { Result } from '../../base/result.ts';
import { ok } from '../../base/result.ts';
import type { Admission, AdmissionRefusal, SignalUrl } from '../../peer/admission.ts';
import { type NetcheckContext, NetcheckSession, type Tester } from '../../peer/netcheck.ts';

const PATH = '/netcheck';
/** An office behind one address may test together; a test costs as much as a few people who join. */
const LIMITS = { connections: 100, perAddress: 10 };
/** Largest message, bytes: an offer with one m-line. */
const MAX_MESSAGE = 32 * 1024;

type GateParts = Pick<SocketGateOptions<TokenAsked, Tester>, 'emit' | 'onFault' | 'otherwise' | 'trusts'>;

export interface NetcheckGateParts extends NetcheckContext, GateParts {
  admit(url: SignalUrl): Promise<Result<Admission, AdmissionRefusal>>;
}

/** Opens the door for connection tests on the HTTP port, to whom a token lets into a room. */
export function openNetcheckGate(parts: NetcheckGateParts): SocketGate<TokenAsked, Tester> {
  const { admit, emit, onFault, otherwise, trusts } = parts;
  return new SocketGate<TokenAsked, Tester>({
    ...{ read: tokenAt(PATH), limits: LIMITS, maxMessage: MAX_MESSAGE, emit, onFault, otherwise, trusts },
    admit: async ({ token }) => {
      const admitted = await admit({ path: '/rtc', query: () => undefined, bearer: token });
      return admitted.ok ? ok(admitted.value.grants) : admitted;
    },
    open: (socket, tester) => new NetcheckSession(parts, socket, tester),
  });
}
