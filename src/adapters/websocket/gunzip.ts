import { gunzipSync } from 'node:zlib';
import type { Gunzip } from '../../peer/admission.ts';

/** {@link Gunzip} by zlib, which stops at the limit: a bomb costs no more than that. */
export const gunzip: Gunzip = (bytes, maxBytes) => {
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: maxBytes }));
  } catch {
    return undefined;
  }
};
