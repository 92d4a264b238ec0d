/**
 * What SRTP costs a packet, in TypeScript and by the addon: `npm run bench:crypto`, or with `-- --seconds N` for each
 * number. The least of many rounds of 100 associations in turn, so that neither keys nor tables stay in the nearest cache.
 */
import { keyLength, type SrtpProfile, saltLength } from '../../src/rtp/srtp/key-derivation.ts';
import { SrtpOpener, SrtpSealer } from '../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../src/rtp/srtp/transform.ts';
import { type SrtpEngine, srtpEngines } from '../support/srtp-engines.ts';

const PROFILES: SrtpProfile[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AES_256_CM_HMAC_SHA1_80',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
];
/** A phone's 20 ms of G.711, and a browser's video, bytes with their header. */
const SIZES = [172, 1200];
const ASSOCIATIONS = 100;
const HEADER = 12;

const at = process.argv.indexOf('--seconds');
const seconds = at < 0 ? 2 : Number(process.argv[at + 1]);

/** µs to seal and to open one packet. */
function measure({ make }: SrtpEngine, profile: SrtpProfile, size: number): { seal: number; open: number } {
  const master = {
    key: new Uint8Array(keyLength(profile)).fill(1),
    salt: new Uint8Array(saltLength(profile)),
  };
  const ends = Array.from({ length: ASSOCIATIONS }, () => ({
    sealer: new SrtpSealer(profile, master, make),
    opener: new SrtpOpener(profile, master, make),
    bytes: new Uint8Array(size + SRTP_OVERHEAD),
    length: 0,
  }));
  let seal = Number.POSITIVE_INFINITY;
  let open = Number.POSITIVE_INFINITY;
  const until = performance.now() + seconds * 1000;
  for (let sequence = 1; performance.now() < until; sequence++) {
    for (const { bytes } of ends) {
      bytes.fill(0x55, HEADER);
      bytes.set([0x80, 8, (sequence >> 8) & 255, sequence & 255]);
    }
    const from = performance.now();
    for (const end of ends) end.length = Number(end.sealer.sealRtp(end.bytes, HEADER, size));
    const between = performance.now();
    for (const { opener, bytes, length } of ends) {
      if (opener.openRtp(bytes, length) !== size) throw new Error('not opened');
    }
    const to = performance.now();
    seal = Math.min(seal, between - from);
    open = Math.min(open, to - between);
  }
  return { seal: (seal * 1000) / ASSOCIATIONS, open: (open * 1000) / ASSOCIATIONS };
}

console.log(`µs a packet, least of ${seconds} s`);
console.log(
  ['profile'.padEnd(24), 'bytes', ...srtpEngines.map(({ name }) => `${name} seal, open`.padStart(24))].join(
    ' ',
  ),
);
for (const profile of PROFILES) {
  for (const size of SIZES) {
    const cells = srtpEngines.map((engine) => {
      const { seal, open } = measure(engine, profile, size);
      return `${seal.toFixed(2)}, ${open.toFixed(2)}`.padStart(24);
    });
    console.log([profile.padEnd(24), `${size}`.padStart(5), ...cells].join(' '));
  }
}
