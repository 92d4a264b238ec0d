import type { DtlsEvent, StartApplication } from '../../media/dtls-port.ts';
import type { SrtpProfile } from '../../rtp/srtp/key-derivation.ts';
import type { DtlsCertificate } from './certificate.ts';
import { ALERT } from './protected-records.ts';

/** By their numbers in RFC 5764 and RFC 7714. */
export const PROFILES = new Map<number, SrtpProfile>([
  [7, 'AEAD_AES_128_GCM'],
  [1, 'AES_CM_128_HMAC_SHA1_80'],
]);

/** werift hands the sender's address around and does nothing with it. */
export const NOWHERE: [string, number] = ['0.0.0.0', 0];

/** How the session reaches what is around it. */
export interface SessionOptions {
  readonly certificate: DtlsCertificate;
  readonly send: (datagram: Uint8Array) => void;
  readonly onEvent: (event: DtlsEvent) => void;
  readonly application: StartApplication;
}

/** Whether an alert ends the association: close_notify, or any fatal one (RFC 5246 section 7.2). */
export function endsAssociation(alert: Uint8Array): boolean {
  return alert.length === 2 && (alert[1] === ALERT.closeNotify || alert[0] === ALERT.fatal);
}
