import { expect, test } from 'vitest';
import { DropCounter } from '../../../src/media/drop-counter.ts';
import type { LegCrypto } from '../../../src/media/protocol.ts';
import { SrtpSockets } from '../../../src/media/srtp-sockets.ts';
import { writeRtpHeader } from '../../../src/rtp/packet.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { LossyNet } from '../../support/lossy-net.ts';

const PHONE = { address: '192.0.2.1', port: 4000 };

function rtp(sequence: number): Uint8Array {
  const bytes = new Uint8Array(172 + 20);
  const fields = { payloadType: 8, marker: false, timestamp: sequence * 160, ssrc: 7 } as const;
  writeRtpHeader(bytes, 0, { ...fields, sequence: sequence & 0xffff, extension: 'none' });
  return bytes;
}

function keys(fill: number): LegCrypto {
  const master = (byte: number) => ({
    key: new Uint8Array(16).fill(byte),
    salt: new Uint8Array(12).fill(byte),
  });
  return { profile: 'AEAD_AES_128_GCM', local: master(fill), remote: master(fill + 1) };
}

test('the same keys again, as after a hold, go on over the wrap of the sequence number, both ways', () => {
  const net = new LossyNet(3);
  const [ours, theirs] = [net.open(), net.open(PHONE.address, PHONE.port)];
  const drops = new DropCounter();
  const sockets = new SrtpSockets({ rtp: ours, rtcp: net.open() }, net, drops);
  const opener = new SrtpOpener('AEAD_AES_128_GCM', keys(1).local);
  const sealer = new SrtpSealer('AEAD_AES_128_GCM', keys(1).remote);
  const outcomes: (number | string)[] = [];
  theirs.onDatagram = (bytes) => outcomes.push(opener.openRtp(bytes, bytes.length));
  let heard = 0;
  sockets.rtp.onDatagram = () => void heard++;
  for (let sequence = 65_533; sequence < 65_540; sequence++) {
    // Anew before each: a re-INVITE brings the same keys as other bytes.
    sockets.setKeys(keys(1));
    sockets.rtp.send(rtp(sequence).subarray(0, 172), PHONE.port, PHONE.address);
    const packet = rtp(sequence);
    theirs.send(
      packet.slice(0, sealer.sealRtp(packet, 12, 172) as number),
      ours.local.port,
      ours.local.address,
    );
    net.run(net.now() + 20);
  }
  expect(outcomes).toEqual(Array(7).fill(172));
  expect(heard).toBe(7);
});
