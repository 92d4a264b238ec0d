import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseIPv6 } from '../stun/ip-text.ts';

/** An address of this machine: whose it is, and the network that it is in, `192.0.2.5/24`. */
export interface LocalAddress {
  readonly address: string;
  readonly cidr: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Name of its interface, such as `eth0`. */
  readonly interface: string;
  /** Of a loopback interface. */
  readonly internal: boolean;
}

/** Linux tells each IPv6 address here, with its flags. */
const FLAGS_FILE = '/proc/net/if_inet6';
/** IFA_F_SECONDARY (of IPv6: temporary, RFC 8981), _DADFAILED, _DEPRECATED and _TENTATIVE of linux/if_addr.h. */
const UNSTABLE = 0x01 | 0x08 | 0x20 | 0x40;

/**
 * Addresses of this machine that others can be told, loopback last. IPv6 addresses of a link only are left out, for they mean
 * nothing without a zone; so are those that privacy makes for a day, and those that are not good yet or no longer.
 */
export function localAddresses(): LocalAddress[] {
  const unstable = new Set(unstableAddresses(read(FLAGS_FILE)));
  const all = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).flatMap(({ address, cidr, family, internal }) =>
      cidr === null || isLinkLocalV6(address) || unstable.has(`${hexadecimal(address)} ${name}`)
        ? []
        : [{ address, cidr, family, internal, interface: name }],
    ),
  );
  return [...all.filter(({ internal }) => !internal), ...all.filter(({ internal }) => internal)];
}

/** Whether an address of IPv6 is of a link only: fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocalV6(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/**
 * Where to bind a socket that is to take both families: `::`, or `0.0.0.0` on a machine without IPv6, or on one that keeps the
 * families apart.
 */
export function anyAddress(): '::' | '0.0.0.0' {
  const apart = read('/proc/sys/net/ipv6/bindv6only').trim() === '1';
  return !apart && localAddresses().some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

/** Where a TCP listener is bound that is to listen on `configured`: `::` is {@link anyAddress}. */
export function listenAddress(configured: string): string {
  return configured === '::' ? anyAddress() : configured;
}

/** The unstable ones of /proc/net/if_inet6, whose lines are `address index prefix scope flags name`: address and name. */
export function unstableAddresses(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [address = '', , , , flags = '', name = ''] = line.trim().split(/\s+/);
    return (Number.parseInt(flags, 16) & UNSTABLE) === 0 ? [] : [`${address} ${name}`];
  });
}

/** The 32 digits by which the table names an address; of IPv4 none. */
function hexadecimal(address: string): string {
  return Array.from(parseIPv6(address) ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Only Linux has such files. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
