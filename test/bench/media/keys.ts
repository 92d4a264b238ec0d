import {
  keyLength,
  type SrtpMaster,
  type SrtpProfile,
  saltLength,
} from '../../../src/rtp/srtp/key-derivation.ts';

/** Keys that both children know without telling: of what the gateway sends to a leg, and of what it hears from it. */
export function benchKeys(profile: SrtpProfile, leg: number): { toPhone: SrtpMaster; fromPhone: SrtpMaster } {
  const master = (direction: number): SrtpMaster => {
    const key = new Uint8Array(keyLength(profile)).fill(direction);
    key[0] = leg;
    key[1] = leg >> 8;
    return { key, salt: new Uint8Array(saltLength(profile)) };
  };
  return { toPhone: master(1), fromPhone: master(2) };
}
