import { loadAddon } from '../../../src/adapters/native/addon.ts';
import { NativeUdp, PACKET_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { openUdp } from '../../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';

const addon = process.env['BENCH_NATIVE'] === 'off' ? undefined : loadAddon();
const faults = { unsent: () => {}, unwatched: () => {}, fault: (error: unknown) => console.error(error) };
const native = addon === undefined ? undefined : new NativeUdp(addon, faults, PACKET_SLOTS);

/** As the product opens its port for browsers: by the addon, or without it. */
export async function benchSocket(address: string, port: number): Promise<DatagramSocket> {
  const opened = native?.open({ address, port }) ?? (await openUdp({ address, port }));
  if ('code' in opened) throw new Error(`${address}:${port}: ${opened.code}`);
  return opened;
}
