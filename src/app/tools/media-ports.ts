import { monotonicClock } from '../../adapters/clock/clock.ts';
import { RtpPortRange } from '../../adapters/udp/rtp-port-range.ts';
import { openUdp } from '../../adapters/udp/udp.ts';
import type { RtpPortPair } from '../../media/rtp-ports.ts';

/** Beside the gateway's own ranges (10000 to 39999), which may be on this machine too. */
const FIRST = 40_000;
const LAST = 49_999;

/** Ports of the tools' phones. */
export function toolPorts(address: string): RtpPortRange {
  return new RtpPortRange({
    address,
    first: FIRST,
    last: LAST,
    openUdp: (local) => openUdp(local),
    clock: monotonicClock,
  });
}

/** A pair for one phone. Rejects when all are taken. */
export function openPair(ports: RtpPortRange): Promise<RtpPortPair> {
  return new Promise((resolve, reject) => {
    ports.open((pair) => {
      if (pair === undefined) reject(new Error(`no RTP port is free from ${FIRST} to ${LAST}`));
      else resolve(pair);
    });
  });
}
