import { createCertificate, derOf } from '../adapters/dtls-werift/certificate.ts';
import { dataChannels } from '../adapters/dtls-werift/data-channels.ts';
import { createDtlsEngine } from '../adapters/dtls-werift/engine.ts';
import type { Addon } from '../adapters/native/addon.ts';
import { nativeDtlsEngine } from '../adapters/native/native-dtls.ts';
import type { Clock } from '../base/clock.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { DtlsEngine } from '../media/dtls-port.ts';
import { StartupError } from './startup-error.ts';

/** Who does DTLS: OpenSSL by the addon, werift in TypeScript, or `auto`: OpenSSL where the addon can. */
export type DtlsChoice = 'auto' | 'openssl' | 'werift';

/** The DTLS engine of this thread, with a certificate of its own. Throws a {@link StartupError} when the one asked for is not there. */
export async function openDtlsEngine(
  choice: DtlsChoice,
  addon: Addon | undefined,
  clock: Clock,
  timers: Timers,
): Promise<DtlsEngine> {
  const certificate = await createCertificate();
  const identity = { ...derOf(certificate), fingerprint: certificate.fingerprint };
  const native =
    choice === 'werift'
      ? undefined
      : nativeDtlsEngine(addon, { identity, clock, timers, application: dataChannels({ clock, timers }) });
  if (native === undefined && choice === 'openssl')
    throw new StartupError('media.dtls_engine: openssl needs the addon, which was not built, or is off');
  return native ?? createDtlsEngine({ clock, timers }, certificate);
}
