import type { Socket } from 'node:net';

/** The type-of-service byte of a code point (RFC 2474 section 3): its two lowest bits are ECN's (RFC 3168). */
export function typeOfService(dscp: number): number {
  return dscp << 2;
}

/** What `socket`, which was opened to us, sends bears the code point `dscp` from now on; undefined or 0: none. */
export function markSocket(socket: Socket, dscp: number | undefined): void {
  if (dscp === undefined || dscp === 0) return;
  try {
    socket.setTypeOfService(typeOfService(dscp));
  } catch {
    // The peer has closed already, or the system keeps the field to itself: the connection works without.
  }
}
