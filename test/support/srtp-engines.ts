import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeTransforms } from '../../src/adapters/native/native-srtp.ts';
import { createTransform, type MakeTransform } from '../../src/rtp/srtp/transform.ts';

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
