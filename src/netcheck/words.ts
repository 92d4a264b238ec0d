import { type Finding, lossOf, type Measured } from './findings.ts';
import type { Target, Way, WayKind } from './ways.ts';

/** How well this network is for talking: `best` straight by UDP, `good` by UDP, `fair` by TCP or TLS alone, `none` not at all. */
export type Verdict = 'best' | 'good' | 'fair' | 'none';

const NAMES: Readonly<Record<WayKind, string>> = {
  udp: 'Direct · UDP',
  tcp: 'Direct · TCP',
  'relay-udp': 'Relay · UDP',
  'relay-tcp': 'Relay · TCP',
  'relay-tls': 'Relay · TLS',
};
/** What firewalls see: TLS is TCP to them. */
const PROTOCOLS: Readonly<Record<WayKind, string>> = {
  udp: 'UDP',
  tcp: 'TCP',
  'relay-udp': 'UDP',
  'relay-tcp': 'TCP',
  'relay-tls': 'TCP (TLS)',
};
/** Voice that is lost beyond this is heard, and an echo of itself is felt: 5 %, and 300 ms there and back (ITU-T G.114). */
const HEARD_LOSS = 0.05;
const FELT_RTT_MS = 300;

/** A way's name for people. */
export function wayName({ kind }: Way): string {
  return NAMES[kind];
}

/** Where a way leads, as `198.51.100.7 port 7882`; more addresses and ports of it are counted up. */
export function targetText({ targets }: Way): string {
  return `${hostsOf(targets)} port ${portsOf(targets)}`;
}

/** The round trip, as `24 ms`. */
export function rttText({ rttMs }: Measured): string {
  return `${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms`;
}

/** What is lost, as `0 %`. */
export function lossText(measured: Measured): string {
  return percent(lossOf(measured));
}

/** Judges all ways together. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  const kinds = new Set(findings.filter(({ works }) => works).map(({ way }) => way.kind));
  if (kinds.has('udp')) return 'best';
  if (kinds.has('relay-udp')) return 'good';
  return kinds.size > 0 ? 'fair' : 'none';
}

/** The verdict in a sentence. */
export function verdictText(findings: readonly Finding[]): string {
  switch (verdictOf(findings)) {
    case 'best':
      return 'All is well: sound goes straight to the gateway.';
    case 'good':
      return findings.some(({ way }) => way.kind === 'udp')
        ? 'Calls work: sound goes by the relay, for UDP straight to the gateway does not get through.'
        : 'All is well: sound goes by the relay, as this gateway wants it.';
    case 'fair':
      return 'Calls work, but this network lets no UDP through: over a bad line the sound may stutter.';
    case 'none':
      return 'Calls do not work from this network: no way to the gateway is open.';
  }
}

/** What to do about it, a sentence each, for whoever looks after the network; empty when there is nothing to mend. */
export function adviceOf(findings: readonly Finding[]): readonly string[] {
  const verdict = verdictOf(findings);
  const closed = findings.filter((finding) => !finding.works).map(({ way }) => way);
  return [...openings(verdict, closed), ...announcement(closed), ...bandwidth(findings)];
}

/** All of a test as plain text, to be sent to somebody. */
export function reportText(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const said = finding.works
      ? `works, ${rttText(finding.measured)}, ${lossText(finding.measured)} lost`
      : `does not work${finding.detail === '' ? '' : `: ${finding.detail}`}`;
    return `- ${wayName(finding.way)} (${targetText(finding.way)}): ${said}`;
  });
  return [verdictText(findings), '', ...rows, '', ...adviceOf(findings)].join('\n').trimEnd();
}

/** What to open, and what of it is enough. */
function openings(verdict: Verdict, closed: readonly Way[]): string[] {
  const rule = (kind: WayKind) =>
    closed.filter((way) => way.kind === kind).map((way) => `${PROTOCOLS[kind]} to ${targetText(way)}`);
  const direct = rule('udp');
  const relay = rule('relay-udp');
  if (verdict === 'best' || direct.length + relay.length + closed.length === 0) return [];
  if (verdict === 'good') return direct.map((each) => `To make it better, allow outgoing ${each}.`);
  const by = [...direct, ...relay];
  if (verdict === 'fair')
    return by.length === 0
      ? ['The gateway offers no way by UDP: ask who runs it.']
      : [`To make it better, allow outgoing ${by.join(', or ')}.`];
  // Last of its kind is the port of HTTPS, which is what an admin opens soonest.
  const streams = [...rule('relay-tls').reverse(), ...rule('tcp'), ...rule('relay-tcp')];
  return [
    ...(by.length === 0 ? [] : [`Best is to allow outgoing ${by.join(', or ')}.`]),
    ...(streams.length === 0
      ? []
      : [`Where UDP cannot be allowed, any one of these is enough: ${streams.join('; ')}.`]),
    ...(rule('relay-tls').length > 0
      ? []
      : [
          'The gateway offers no TURN over TLS, which most firewalls let through: who runs it can turn it on with a certificate.',
        ]),
  ];
}

/** A private address leads nowhere from outside: that is the gateway's fault and no firewall's. */
function announcement(closed: readonly Way[]): string[] {
  const direct = closed.find(({ kind }) => kind === 'udp');
  if (direct === undefined || !direct.targets.every(({ host }) => isPrivate(host))) return [];
  const { host } = direct.targets[0]!;
  return [
    `The gateway says that it is at ${host}, an address of private networks: unless you are in that network, who runs it must announce its public address.`,
  ];
}

function bandwidth(findings: readonly Finding[]): string[] {
  const used = findings.find(({ works }) => works);
  if (used?.works !== true) return [];
  const { measured } = used;
  const said: string[] = [];
  if (lossOf(measured) >= HEARD_LOSS)
    said.push(
      `${percent(lossOf(measured))} of what is sent is lost: try a cable instead of Wi-Fi, or ask who fills the line.`,
    );
  if (measured.rttMs >= FELT_RTT_MS)
    said.push(
      `There and back takes ${Math.round(measured.rttMs)} ms, which is felt in talking: a VPN may be in the way.`,
    );
  return said;
}

function percent(share: number): string {
  const text = share > 0 && share < 0.1 ? (100 * share).toFixed(1) : String(Math.round(100 * share));
  return `${text.replace(/\.0$/, '')} %`;
}

function hostsOf(targets: readonly Target[]): string {
  const hosts = [...new Set(targets.map(({ host }) => host))];
  const last = hosts.pop() ?? '';
  return hosts.length === 0 ? last : `${hosts.join(', ')} and ${last}`;
}

/** Ports in order, those that follow each other as a range. */
function portsOf(targets: readonly Target[]): string {
  const ports = [...new Set(targets.map(({ port }) => port))].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const port of ports) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else ranges.push([port, port]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}

/** RFC 1918, RFC 6598, loopback and link-local, and their kin of IPv6. */
function isPrivate(host: string): boolean {
  return /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cde][0-9a-f]{2}:)/i.test(
    host,
  );
}
