/**
 * What every engine behind `src/sip/ports.ts` must do, told by a far end that speaks SIP by hand over UDP. The same tests run against the
 * embedded engine, and against drachtio-srf with the double of its server or with the real one.
 */
import type { Authorize, SipEngine } from '../../src/sip/ports.ts';
import { describeDialogs } from './sip-engine-dialogs.ts';
import { describeDraining } from './sip-engine-draining.ts';
import { describeInbound } from './sip-engine-inbound.ts';
import { describeOutbound } from './sip-engine-outbound.ts';

/** An engine on the machine's loopback: 127.0.0.1 and 127.0.0.2 are admitted, as one trunk each; 127.0.0.9 is a stranger. */
export interface EngineUnderTest {
  readonly engine: SipEngine & { authorize: Authorize; drain(): void };
  /** UDP port of 127.0.0.1 that it is reached at. */
  readonly port: number;
  /** What the application's handlers have thrown. */
  readonly faults: unknown[];
  stop(): Promise<void>;
}

export function sipEngineContract(name: string, open: () => Promise<EngineUnderTest>): void {
  describeInbound(name, open);
  describeOutbound(name, open);
  describeDialogs(name, open);
  describeDraining(name, open);
}
