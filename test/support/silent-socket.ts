import type { DatagramSocket } from '../../src/base/net.ts';

/** A socket that takes what is sent and hears nothing. */
export function silentSocket(): DatagramSocket {
  return {
    local: { address: '10.0.0.1', port: 1 },
    queued: 0,
    onDatagram: () => {},
    send: () => {},
    close: () => {},
  };
}
