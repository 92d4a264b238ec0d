import { loadAddon } from '../adapters/native/addon.ts';
import { NativeUdp, type Slots } from '../adapters/native/native-udp.ts';
import { BindError, type OpenUdp, openUdp } from '../adapters/udp/udp.ts';

/** How a thread's UDP sockets are made: `auto` by the addon where it was built, `off` by Node alone. */
export type NativeChoice = 'auto' | 'off';

/** Where a thread's sockets come from, and whether the addon makes them. */
export interface DatagramSource {
  readonly open: OpenUdp;
  readonly by: 'addon' | 'node';
}

/** Chooses for this thread. `onFault` hears what a receiver of datagrams throws; `slots`: what the addon's sockets carry. */
export function datagramSource(
  choice: NativeChoice,
  counters: { sendErrors: number },
  onFault: (error: unknown) => void,
  slots: Slots,
): DatagramSource {
  const addon = choice === 'off' ? undefined : loadAddon();
  if (addon === undefined) return { open: (local) => openUdp(local, counters), by: 'node' };
  const unsent = (count: number) => {
    counters.sendErrors += count;
  };
  const udp = new NativeUdp(addon, { unsent, fault: onFault }, slots);
  return {
    by: 'addon',
    open: (local) => {
      const opened = udp.open(local);
      return 'code' in opened ? Promise.reject(new BindError(opened.code, local)) : Promise.resolve(opened);
    },
  };
}
