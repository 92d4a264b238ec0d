import type { DtlsSessionEnds, StartApplication } from '../../media/dtls-port.ts';
import type { SrtpProfile } from '../../rtp/srtp/key-derivation.ts';
import type { DtlsCertificate } from './certificate.ts';

/** By their numbers in RFC 5764 and RFC 7714. */
export const PROFILES = new Map<number, SrtpProfile>([
  [7, 'AEAD_AES_128_GCM'],
  [1, 'AES_CM_128_HMAC_SHA1_80'],
]);

/** werift hands the sender's address around and does nothing with it. */
export const NOWHERE: [string, number] = ['0.0.0.0', 0];

/** What a session is made of, in either role. */
export interface SessionOptions extends DtlsSessionEnds {
  readonly certificate: DtlsCertificate;
  readonly application: StartApplication;
}
