import type { MakeTransform } from '../../rtp/srtp/transform.ts';
import { tagLength } from '../../rtp/srtp/transform.ts';
import type { Addon } from './addon.ts';

/** SRTP by the OpenSSL inside of Node (`addon/srtp.cc`); undefined where the addon cannot. */
export function nativeTransforms(addon: Addon | undefined): MakeTransform | undefined {
  const SrtpTransform = addon?.SrtpTransform ?? undefined;
  if (SrtpTransform === undefined) return undefined;
  return (profile, keys, kind) =>
    new SrtpTransform(keys.encryption, keys.authentication, keys.salt, tagLength(profile, kind));
}
