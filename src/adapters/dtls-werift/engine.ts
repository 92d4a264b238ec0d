import type { DtlsEngine } from '../../media/dtls-port.ts';
import { createCertificate, type DtlsCertificate } from './certificate.ts';
import { startDataChannels } from './data-channels.ts';
import { WeriftSession } from './session.ts';

/** The DTLS engine on werift, with `certificate` or a fresh one for all its sessions. */
export async function createDtlsEngine(certificate?: DtlsCertificate): Promise<DtlsEngine> {
  const own = certificate ?? (await createCertificate());
  return {
    by: 'werift',
    fingerprint: own.fingerprint,
    open: ({ send, onEvent }) =>
      new WeriftSession({ certificate: own, send, onEvent, application: startDataChannels }),
  };
}
