import { loadAddon } from '../adapters/native/addon.ts';
import { NativeUdp, type NativeUdpListener, type Slots, type Told } from '../adapters/native/native-udp.ts';
import { BindError, type OpenUdp, openUdp } from '../adapters/udp/udp.ts';

/** How a thread's UDP sockets are made: `auto` by the addon where it was built, `off` by Node alone. */
export type NativeChoice = 'auto' | 'off';

/** Where a thread's sockets come from, and whether the addon makes them. */
export interface DatagramSource {
  readonly open: OpenUdp;
  /** The same, for sockets that mark what they send by a code point (RFC 2474): the addon's do, Node's cannot. */
  readonly marking: (dscp: number, told?: Told) => OpenUdp;
  readonly by: 'addon' | 'node';
  /** Whether its sockets have `sendWhole`, and the system does as they say. */
  readonly sendsWhole: boolean;
  /** Reads what waits for a tick: sockets of streams that say nothing (`base/quiet-lane.ts`). */
  collect(): void;
}

/** Chooses for this thread. `slots`: what the addon's sockets carry. */
export function datagramSource(
  choice: NativeChoice,
  listener: NativeUdpListener,
  slots: Slots,
): DatagramSource {
  const addon = choice === 'off' ? undefined : loadAddon();
  if (addon === undefined) {
    const open: OpenUdp = (local) => openUdp(local, () => listener.unsent(1));
    return { open, marking: () => open, by: 'node', sendsWhole: false, collect() {} };
  }
  const udp = new NativeUdp(addon, listener, slots);
  const marking =
    (dscp: number, told: Told = 'untimed'): OpenUdp =>
    (local) => {
      const opened = udp.open(local, dscp, told);
      return 'code' in opened ? Promise.reject(new BindError(opened.code, local)) : Promise.resolve(opened);
    };
  return {
    ...{ by: 'addon', open: marking(0), marking },
    get sendsWhole() {
      return udp.sendsWhole();
    },
    collect: () => udp.collect(),
  };
}
