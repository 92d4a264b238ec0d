import { createCertificate, derOf } from '../../src/adapters/dtls-werift/certificate.ts';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeAssociations } from '../../src/adapters/native/native-dtls.ts';

/** Who does DTLS, by the setting's names. */
export type DtlsEngineName = 'werift' | 'openssl';

const certificate = await createCertificate();
const canOpenssl =
  nativeAssociations(loadAddon(), { ...derOf(certificate), fingerprint: certificate.fingerprint }) !==
  undefined;

/** All engines there are, to be held to the same tests; OpenSSL where the addon was built. */
export const dtlsEngines: readonly DtlsEngineName[] = canOpenssl ? ['werift', 'openssl'] : ['werift'];
