import type { Addon } from '../../src/adapters/native/addon.ts';
import { NativeUdp, PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { BindError, openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../src/base/net.ts';

/** A socket of the addon's, and an ear that keeps what comes to it. Whoever opens them closes what is in `closing`. */
export async function sealingSocket(addon: Addon) {
  let unsent = 0;
  const listener = {
    unsent: (count: number) => {
      unsent += count;
    },
    fault: () => {},
    unwatched: () => {},
  };
  const udp = new NativeUdp(addon, listener, PACKET_SLOTS);
  const open = (local: { address: string; port: number }): Promise<DatagramSocket> => {
    const socket = udp.open(local);
    return 'code' in socket ? Promise.reject(new BindError(socket.code, local)) : Promise.resolve(socket);
  };
  const socket = await open({ address: '127.0.0.1', port: 0 });
  const ear = await openUdp({ address: '127.0.0.1', port: 0 });
  const heard: Uint8Array[] = [];
  ear.onDatagram = (bytes) => heard.push(Uint8Array.from(bytes));
  return { socket, ear, heard, open, unsent: () => unsent, closing: [socket, ear] };
}
