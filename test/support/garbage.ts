import { createHash } from 'node:crypto';

/** Beginnings that get a message past the first look of each protocol. */
const HEADS: readonly Uint8Array[] = [
  Buffer.alloc(0),
  Buffer.from('INVITE sip:lobby@127.0.0.1 SIP/2.0\r\nVia: '),
  Buffer.from('INVITE sip:lobby@127.0.0.1 SIP/2.0\r\nContact: *\r\nContent-Length: 99999\r\n\r\n'),
  Buffer.from('SIP/2.0 200 OK\r\nCSeq: x\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK\r\n\r\n'),
  Buffer.from('REGISTER tel:1 SIP/7.0\r\n\r\n'),
  Buffer.from(
    'GET /rtc?access_token=x HTTP/1.1\r\nHost: \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ),
  // STUN binding request and TURN allocate with a length that lies; ChannelData; DTLS records; RTP and RTCP.
  Buffer.from('000100402112a442', 'hex'),
  Buffer.from('000300082112a442000000000000000000000000', 'hex'),
  Buffer.from('4000ffff', 'hex'),
  Buffer.from('16fefd0000000000000000ffff01', 'hex'),
  Buffer.from('15fefd000000000000000000020228', 'hex'),
  Buffer.from('80000001000000010000000a', 'hex'),
  Buffer.from('80c9ffff', 'hex'),
  Buffer.from('ff'.repeat(20), 'hex'),
];

/** The `index`-th piece of garbage: the same in every run. */
export function garbage(index: number): Uint8Array {
  const head = HEADS[index % HEADS.length]!;
  const noise = createHash('sha512').update(String(index)).digest();
  const tail = Buffer.concat(Array.from({ length: index % 7 }, () => noise)).subarray(index % 11);
  const whole = Buffer.concat([head, tail]);
  // UDP sends no empty datagram's worth of trouble: always at least one byte.
  return whole.length === 0 ? noise.subarray(0, 1) : whole;
}
