import type { DatagramSocket } from '../base/net.ts';

/** An even port for RTP and the odd one above it for RTCP (RFC 3550 section 11), both bound. */
export interface RtpPortPair {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
}

/** Where legs get their ports from. Binding takes a moment: hence the callback. */
export interface RtpPorts {
  /** Calls back with a pair, or undefined when the range is exhausted. */
  open(opened: (pair: RtpPortPair | undefined) => void): void;
  /** Closes the pair's sockets and gives the ports back. */
  release(pair: RtpPortPair): void;
  readonly inUse: number;
}
