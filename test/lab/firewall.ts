/** Rules of nftables for the routers of the lab. */

/** What a network lets out. Answers to what went out always come in, and nothing else does. */
export type Policy =
  /** Everything; a port is mapped to the same one outside where that is free, whatever the destination. */
  | 'open'
  /** Everything, but each destination sees another port (RFC 4787: address and port-dependent mapping). */
  | 'symmetric'
  /** TCP to any port, no UDP. */
  | 'no-udp'
  /** TCP to port 443. */
  | 'only-443';

const OUT: Readonly<Record<Policy, string>> = {
  open: 'iifname "in0" accept',
  symmetric: 'iifname "in0" accept',
  'no-udp': 'iifname "in0" ip protocol tcp accept',
  'only-443': 'iifname "in0" tcp dport 443 accept',
};

/** A NAT between `in0` and the internet at `eth0`. What it does not let through it drops without a word: the worse case. */
export function natRules(policy: Policy): string {
  return `table ip lab {
    chain postrouting {
      type nat hook postrouting priority 100;
      oifname "eth0" masquerade ${policy === 'symmetric' ? 'fully-random' : ''}
    }
    chain forward {
      type filter hook forward priority 0; policy drop;
      ct state established,related accept
      ${OUT[policy]}
    }
  }`;
}

/**
 * 1:1 NAT: what comes to `outside` goes to `inside`, and what `inside` sends comes from `outside`, also when it is to
 * `outside` (hairpin), as with the public addresses of clouds.
 */
export function oneToOneRules(outside: string, inside: string): string {
  return `table ip lab {
    chain prerouting {
      type nat hook prerouting priority -100;
      ip daddr ${outside} dnat to ${inside}
    }
    chain postrouting {
      type nat hook postrouting priority 100;
      ip saddr ${inside} snat to ${outside}
    }
  }`;
}
