import type { Clock } from '../../base/clock.ts';
import type { Timers } from '../../base/wake-queue.ts';
import type { DtlsEngine } from '../../media/dtls-port.ts';
import { createCertificate, type DtlsCertificate } from './certificate.ts';
import { dataChannels } from './data-channels.ts';
import { WeriftSession } from './either-session.ts';

/** The DTLS engine on werift, with `certificate` or a fresh one for all its sessions. */
export async function createDtlsEngine(
  time: { readonly clock: Clock; readonly timers: Timers },
  certificate?: DtlsCertificate,
): Promise<DtlsEngine> {
  const own = certificate ?? (await createCertificate());
  return {
    by: 'werift',
    fingerprint: own.fingerprint,
    open: ({ send, onEvent }) =>
      new WeriftSession({ certificate: own, send, onEvent, application: dataChannels(time) }),
  };
}
