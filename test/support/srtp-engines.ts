import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeTransforms } from '../../src/adapters/native/native-srtp.ts';
import type { SrtpProfile } from '../../src/rtp/srtp/key-derivation.ts';
import { createTransform, type MakeTransform } from '../../src/rtp/srtp/transform.ts';

/** All that the gateway knows. */
export const srtpProfiles: readonly SrtpProfile[] = [
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
];

/** Who protects packets. */
export interface SrtpEngine {
  readonly name: string;
  readonly make: MakeTransform;
}

/** TypeScript alone. */
export const plainSrtp: SrtpEngine = { name: 'TypeScript', make: createTransform };

const native = nativeTransforms(loadAddon());

/** The addon's, where it was built: elsewhere the gateway does without, and so do the tests. */
export const nativeSrtp: SrtpEngine | undefined =
  native === undefined ? undefined : { name: 'the addon', make: native };

/** All there are, to be held to the same tests. */
export const srtpEngines: readonly SrtpEngine[] =
  nativeSrtp === undefined ? [plainSrtp] : [plainSrtp, nativeSrtp];
