import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import type { Clock, Millis } from '../base/clock.ts';
import type { Timers } from '../base/wake-queue.ts';
import { AllocationProbe, type ProbeOutcome } from '../turn/allocation-probe.ts';
import type { TurnCredentials } from '../turn/credentials.ts';
import { parseTurnUrl } from '../turn/turn-url.ts';
import { openTurnLine, type TurnLine } from './turn-line.ts';

/** What a probe needs of its surroundings. */
export interface ProbeSurroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a look may take, ms: the connection, and then the allocation. */
  readonly within: Millis;
}

/** Asks the TURN server at `url` for an allocation, from this machine; never rejects. */
export async function probeTurn(
  url: string,
  credentials: TurnCredentials,
  surroundings: ProbeSurroundings,
): Promise<ProbeOutcome> {
  const where = parseTurnUrl(url);
  if (where === undefined) return { kind: 'failed', reason: 'not-turn' };
  let line: TurnLine;
  try {
    line = await openTurnLine(where, surroundings.within);
  } catch {
    // No such name, nobody listens, a certificate for somebody else: to a client it is all the same.
    return { kind: 'failed', reason: 'no-answer' };
  }
  try {
    return await new Promise((done) => {
      const probe = new AllocationProbe({
        ...surroundings,
        ...credentials,
        ...{ digests: nodeDigests, random: systemRandom, transport: line.transport, done },
        send: (bytes) => line.send(bytes),
      });
      line.onMessage = (bytes) => probe.receive(bytes);
      line.onClose = () => {
        probe.stop();
        done({ kind: 'failed', reason: 'no-answer' });
      };
    });
  } finally {
    line.close();
  }
}
