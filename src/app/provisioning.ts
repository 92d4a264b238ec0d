import { systemRandom } from '../adapters/crypto/crypto.ts';
import { readPrivateFile, writePrivateFile } from '../adapters/files/private-file.ts';
import { Provisions } from '../api/provisioning/provisions.ts';
import type { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { EventSink } from '../events/index.ts';
import { type CallPlan, EMPTY_PLAN } from '../trunk/call-plan.ts';
import { DEVELOPMENT_ID } from './config/development.ts';
import { outboundTrunks } from './config/outbound.ts';
import { provisionedReader } from './config/provisioned.ts';
import type { StartupConfig } from './config/read.ts';
import { dispatchRules, inboundTrunks } from './config/trunks.ts';

export interface ProvisioningParts {
  readonly startup: Pick<StartupConfig, 'config' | 'mode'>;
  readonly wall: WallClock;
  readonly emit: EventSink;
  /** New calls are decided by this plan from here on. */
  readonly apply: (plan: CallPlan) => void;
}

/**
 * The configuration's trunks and rules and those that were made by API, which `sip_api.file` kept. An error names what of that file the
 * operator has to mend: a gateway that passed over it would refuse calls without a word.
 */
export function openProvisions({
  startup,
  wall,
  emit,
  apply,
}: ProvisioningParts): Result<Provisions, readonly string[]> {
  const { config } = startup;
  const { changes, file, max_entries: maxEntries } = config.sip_api;
  const { given, fallback } = plansOf(startup);
  const provisions = new Provisions({
    ...{ given, fallback, changes, maxEntries, apply, wall, emit },
    ...{ random: systemRandom, reader: provisionedReader(startup) },
    keep: (text) => (file === undefined ? Promise.resolve(ok(undefined)) : writePrivateFile(file, text)),
  });
  if (file === undefined) return ok(provisions);
  const of = (faults: readonly string[]) => fail(faults.map((fault) => `sip_api.file ${file}: ${fault}`));
  const text = readPrivateFile(file);
  if (!text.ok) return of([text.error]);
  if (text.value === undefined) return ok(provisions);
  const restored = provisions.restore(text.value);
  return restored.ok ? ok(provisions) : of(restored.error);
}

/** The same for a look at them, by commands of this program: nothing is changed, and nobody is told. */
export function readProvisions(startup: ProvisioningParts['startup']): ReturnType<typeof openProvisions> {
  return openProvisions({ startup, wall: { unixMs: () => 0 }, emit: () => {}, apply: () => {} });
}

/** What an operator wrote, and what `--dev` has put where nothing was written. */
function plansOf({ config }: Pick<StartupConfig, 'config'>): {
  readonly given: CallPlan;
  readonly fallback: CallPlan;
} {
  const all: CallPlan = {
    trunks: inboundTrunks(config),
    outboundTrunks: outboundTrunks(config),
    rules: dispatchRules(config),
  };
  const isFallback = [all.trunks, all.rules].every(([only]) => only?.id === DEVELOPMENT_ID);
  return isFallback
    ? {
        given: { ...EMPTY_PLAN, outboundTrunks: all.outboundTrunks },
        fallback: { ...all, outboundTrunks: [] },
      }
    : { given: all, fallback: EMPTY_PLAN };
}
