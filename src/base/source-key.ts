/**
 * By what limits count a source: its IPv4 address, or the /64 of its IPv6 address. A single host has 2^64 addresses to choose from there
 * (RFC 7421 section 3), so that a limit of each would be none. `address`: literal, as the kernel writes it.
 */
export function sourceKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
