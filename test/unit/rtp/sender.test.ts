import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { SeededRandom } from '../../support/lossy-net.ts';

const master = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };

it('is understood under SRTP by who missed the first packets, and after a renewal too', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 2000 }), (seed, missed) => {
      const random = new SeededRandom(seed);
      const sender = new RtpSender(random, 160);
      for (let stream = 0; stream < 2; stream++) {
        const sealer = new SrtpSealer('AEAD_AES_128_GCM', master);
        const opener = new SrtpOpener('AEAD_AES_128_GCM', master);
        const bytes = new Uint8Array(192);
        for (let i = 0; i <= missed; i++) {
          bytes.set(sender.packet(new Uint8Array(2), 0, 2, 8, 'no-marker'));
          const length = sealer.sealRtp(bytes, 12, 14);
          if (i === missed) expect(opener.openRtp(bytes, Number(length))).toBe(14);
        }
        sender.renew(random);
      }
    }),
    // A number above 2^15 that wraps within the packets missed is one in 33 of those above: many are tried.
    { numRuns: 150 },
  );
});
