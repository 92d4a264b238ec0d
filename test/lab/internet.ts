/**
 * A small internet in network namespaces of this machine, with no way out of it. All addresses are for documentation
 * (RFC 5737, RFC 3849) or private.
 *
 *   inet, a bridge          198.51.100.0/24, 2001:db8:100::/64
 *   ├─ edge     .1          1:1 NAT for IPv4, router for IPv6
 *   │   └─ gateway          10.88.0.2, 2001:db8:88::2: the gateway; announces 198.51.100.1
 *   ├─ carrier  .10         phones
 *   ├─ natoff   .50         NAT and firewall by a policy
 *   │   └─ office           192.0.2.2: a browser
 *   ├─ nathome  .60         NAT
 *   │   └─ roamer           203.0.113.2, eth0: a browser with two ways out
 *   ├─ natcell  .61         NAT
 *   │   └─ roamer           100.64.7.2, eth1: the other way
 *   └─ six      .70         2001:db8:100::70 alone: a browser without IPv4
 *
 * Needs root, iproute2 and nftables.
 */
import { natRules, oneToOneRules, type Policy } from './firewall.ts';
import { LabHost } from './host.ts';

const NAMES = [
  'inet',
  'edge',
  'gateway',
  'carrier',
  'natoff',
  'office',
  'nathome',
  'natcell',
  'roamer',
  'six',
] as const;

/** A host of the lab by its name. */
export type LabName = (typeof NAMES)[number];

/** Addresses that tests speak of. */
export const LAB = {
  gateway: '198.51.100.1',
  gatewayInside: '10.88.0.2',
  gatewayV6: '2001:db8:88::2',
  carrier: '198.51.100.10',
  /** The two ways of the roamer, as the internet sees them. */
  ways: { eth0: '198.51.100.60', eth1: '198.51.100.61' },
} as const;

/** The whole of it. */
export class Internet {
  readonly #hosts = new Map<LabName, LabHost>();

  private constructor() {}

  /** Builds it, or says why this machine cannot. */
  static make(): Internet | string {
    const internet = new Internet();
    try {
      internet.#build();
      return internet;
    } catch (error) {
      internet.remove();
      return (error as Error).message;
    }
  }

  host(name: LabName): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** What the office's firewall lets out from now on. */
  office(policy: Policy): void {
    this.host('natoff').rules(natRules(policy));
  }

  /** Cuts one of the roamer's ways as a radio network does that is out of reach: the device stays, nothing comes through. */
  cut(way: 'eth0' | 'eth1'): void {
    this.host('roamer').rules(`table inet lab {
      chain input { type filter hook input priority 0; iifname "${way}" drop; }
      chain output { type filter hook output priority 0; oifname "${way}" drop; }
    }`);
  }

  /** Takes one of the roamer's devices down, as when Wi-Fi is turned off: its address goes with it. */
  unplug(way: 'eth0' | 'eth1'): void {
    this.host('roamer').ip(`link set ${way} down`);
    this.host('roamer').ip(`addr flush dev ${way}`);
  }

  /** Takes all of it away. */
  remove(): void {
    for (const host of this.#hosts.values()) host.remove();
  }

  #build(): void {
    for (const name of NAMES) this.#hosts.set(name, new LabHost(`tr${process.pid}${name}`));
    const inet = this.host('inet');
    inet.ip('link add br0 type bridge');
    inet.ip('link set br0 up');
    const outside = { edge: 1, carrier: 10, natoff: 50, nathome: 60, natcell: 61, six: 70 } as const;
    for (const [name, number] of Object.entries(outside) as [keyof typeof outside, number][]) {
      const host = this.host(name);
      host.wire('eth0', inet, `to-${name}`);
      inet.ip(`link set to-${name} master br0`);
      if (name !== 'six') host.ip(`addr add 198.51.100.${number}/24 dev eth0`);
      host.ip(`addr add 2001:db8:100::${number}/64 dev eth0 nodad`);
      if (name !== 'edge') host.ip('route add 2001:db8:88::/64 via 2001:db8:100::1');
    }
    this.#behind('edge', 'gateway', 'eth0', '10.88.0');
    this.host('edge').ip('addr add 2001:db8:88::1/64 dev in0 nodad');
    this.host('gateway').ip('addr add 2001:db8:88::2/64 dev eth0 nodad');
    this.host('gateway').ip('route add default via 2001:db8:88::1');
    this.host('edge').rules(oneToOneRules(LAB.gateway, LAB.gatewayInside));
    this.#behind('natoff', 'office', 'eth0', '192.0.2');
    this.office('open');
    this.#behind('nathome', 'roamer', 'eth0', '203.0.113');
    this.#behind('natcell', 'roamer', 'eth1', '100.64.7');
    for (const router of ['nathome', 'natcell'] as const) this.host(router).rules(natRules('open'));
  }

  /** Puts a device of a host behind a router, whose device is `in0`. What has the device's address leaves by it. */
  #behind(router: LabName, name: LabName, device: 'eth0' | 'eth1', network: string): void {
    const outer = this.host(router);
    const host = this.host(name);
    host.wire(device, outer, 'in0');
    outer.routes();
    outer.ip(`addr add ${network}.1/24 dev in0`);
    host.ip(`addr add ${network}.2/24 dev ${device}`);
    const table = device === 'eth0' ? 100 : 101;
    host.ip(`route add default via ${network}.1 metric ${table}`);
    host.ip(`route add default via ${network}.1 dev ${device} table ${table}`);
    host.ip(`rule add from ${network}.2 table ${table}`);
  }
}
