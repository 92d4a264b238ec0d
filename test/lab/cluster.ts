/**
 * A cluster of one node in network namespaces, with the load balancers' addresses as kube-proxy has them, and pods that
 * nobody outside reaches:
 *
 *   inet, a bridge          198.51.100.0/24
 *   ├─ carrier  .10         phones
 *   ├─ user     .20         a browser
 *   └─ node     .30, and the load balancers' addresses
 *       └─ pods             10.244.1.0/24: gateway .7, relay .8, ingress .9
 *
 * What leaves a pod by itself leaves as the node, from any port, as with CNIs that masquerade at random.
 * Needs root, iproute2 and nftables.
 */
import { LabHost } from './host.ts';

/** Addresses that tests speak of. */
export const CLUSTER = {
  carrier: '198.51.100.10',
  node: '198.51.100.30',
  pods: { gateway: '10.244.1.7', relay: '10.244.1.8', ingress: '10.244.1.9' },
} as const;

const NAMES = ['inet', 'carrier', 'user', 'node', 'gateway', 'relay', 'ingress'] as const;
type ClusterHost = (typeof NAMES)[number];
/** One of its pods. */
export type PodName = keyof typeof CLUSTER.pods;

/** A Service of type LoadBalancer. */
export interface LoadBalancer {
  readonly address: string;
  readonly pod: PodName;
  /** `Local`: the pod sees where packets come from. `Cluster`: they come from the node. */
  readonly externalTrafficPolicy: 'Local' | 'Cluster';
  /** Who may come; empty: everybody. */
  readonly sources: readonly string[];
  readonly ports: readonly {
    readonly protocol: 'TCP' | 'UDP';
    readonly port: number;
    readonly targetPort: number;
  }[];
}

/** The whole of it. */
export class Cluster {
  readonly #hosts = new Map<ClusterHost, LabHost>();

  private constructor() {}

  /** Builds it, or says why this machine cannot. */
  static make(services: readonly LoadBalancer[]): Cluster | string {
    const cluster = new Cluster();
    try {
      cluster.#build(services);
      return cluster;
    } catch (error) {
      cluster.remove();
      return (error as Error).message;
    }
  }

  host(name: ClusterHost): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Takes all of it away. */
  remove(): void {
    for (const host of this.#hosts.values()) host.remove();
  }

  #build(services: readonly LoadBalancer[]): void {
    for (const name of NAMES) this.#hosts.set(name, new LabHost(`tk${process.pid}${name}`));
    const [inet, node] = [this.host('inet'), this.host('node')];
    inet.ip('link add br0 type bridge');
    inet.ip('link set br0 up');
    for (const [name, number] of [
      ['carrier', 10],
      ['user', 20],
      ['node', 30],
    ] as const) {
      const host = this.host(name);
      host.wire('eth0', inet, `to-${name}`);
      inet.ip(`link set to-${name} master br0`);
      host.ip(`addr add 198.51.100.${number}/24 dev eth0`);
    }
    for (const { address } of services) node.ip(`addr add ${address}/32 dev eth0`);
    node.ip('link add cni0 type bridge');
    node.ip('link set cni0 up');
    node.ip('addr add 10.244.1.1/24 dev cni0');
    for (const [name, address] of Object.entries(CLUSTER.pods) as [PodName, string][]) {
      const pod = this.host(name);
      pod.wire('eth0', node, `to-${name}`);
      node.ip(`link set to-${name} master cni0`);
      pod.ip(`addr add ${address}/24 dev eth0`);
      pod.ip('route add default via 10.244.1.1');
    }
    // The outside knows the way to the pods, as a neighbour might: it is the node that does not let it through.
    for (const name of ['carrier', 'user'] as const)
      this.host(name).ip(`route add 10.244.0.0/16 via ${CLUSTER.node}`);
    node.routes();
    node.rules(nodeRules(services));
  }
}

/** What kube-proxy and a CNI make of Services. */
function nodeRules(services: readonly LoadBalancer[]): string {
  const forwards = services.flatMap(({ address, pod, sources, ports }) => {
    const from = sources.length === 0 ? '' : `ip saddr { ${sources.join(', ')} } `;
    return ports.map(({ protocol, port, targetPort }) => {
      const target = `${CLUSTER.pods[pod]}:${targetPort}`;
      return `${from}ip daddr ${address} ${protocol.toLowerCase()} dport ${port} dnat to ${target}`;
    });
  });
  const hidden = services
    .filter(({ externalTrafficPolicy }) => externalTrafficPolicy === 'Cluster')
    .map(({ pod }) => `ct status dnat ip daddr ${CLUSTER.pods[pod]} masquerade`);
  return `table ip lab {
    chain prerouting {
      type nat hook prerouting priority -100;
      ${forwards.join('\n      ')}
    }
    chain postrouting {
      type nat hook postrouting priority 100;
      ${hidden.join('\n      ')}
      ip saddr 10.244.0.0/16 oifname "eth0" masquerade fully-random
    }
    chain forward {
      type filter hook forward priority 0; policy drop;
      ct state established,related accept
      ct status dnat accept
      iifname "cni0" accept
    }
  }`;
}
