import { type Config, configSchema } from './schema.ts';
import { formatPath, type Path } from './source.ts';

interface Ports {
  readonly path: Path;
  readonly protocol: 'UDP' | 'TCP';
  readonly first: number;
  readonly last: number;
}

/** What stands where nothing is written: whoever wrote the other value is told of it. */
const DEFAULTS = configSchema.parse({});

/** Ports that two of the gateway's doors would listen on. */
export function portClashes(config: Config): { path: Path; message: string }[] {
  const all = portsOf(config);
  const usual = portsOf({ ...DEFAULTS, tls: { ...DEFAULTS.tls, certificates: config.tls.certificates } });
  const isUsual = (one: Ports) =>
    usual.some(
      ({ path, first, last }) =>
        formatPath(path) === formatPath(one.path) && first === one.first && last === one.last,
    );
  return all.flatMap((ports, index) => {
    const earlier = all.slice(0, index).find((each) => overlap(each, ports));
    if (earlier === undefined) return [];
    const [told, other] = isUsual(ports) && !isUsual(earlier) ? [earlier, ports] : [ports, earlier];
    return [{ path: told.path, message: clash(told, other) }];
  });
}

function clash(told: Ports, { path, protocol, first, last }: Ports): string {
  const other = formatPath(path);
  return first === last && told.first === told.last
    ? `is ${other} too (${protocol} ${first})`
    : `overlaps with ${other} (${protocol} ${first === last ? first : `${first}-${last}`})`;
}

function portsOf({ sip, sip_tls, http, tls, ice, turn, rtp, media }: Config): Ports[] {
  const one = (path: Path, port: number, protocol: Ports['protocol']): Ports => ({
    path,
    protocol,
    first: port,
    last: port,
  });
  const workers = media.workers === 'auto' ? 1 : media.workers;
  const all: Ports[] = [
    one(['http', 'port'], http.port, 'TCP'),
    { path: ['ice', 'udp_port'], protocol: 'UDP', first: ice.udp_port, last: ice.udp_port + workers - 1 },
    { path: ['rtp', 'ports'], protocol: 'UDP', ...rtp.ports },
  ];
  if (tls.certificates.length > 0) {
    all.push(one(['tls', 'https_port'], tls.https_port, 'TCP'));
    if (turn.enabled) all.push(one(['tls', 'turn_port'], tls.turn_port, 'TCP'));
  }
  if (ice.tcp) {
    const last = ice.tcp_port + workers - 1;
    all.push({ path: ['ice', 'tcp_port'], protocol: 'TCP', first: ice.tcp_port, last });
  }
  if (sip.engine === 'embedded') {
    all.unshift(one(['sip', 'port'], sip.port, 'UDP'), one(['sip', 'port'], sip.port, 'TCP'));
    if (sip_tls.certificates.length > 0) all.push(one(['sip_tls', 'port'], sip_tls.port, 'TCP'));
  }
  if (turn.enabled) {
    all.push(one(['turn', 'port'], turn.port, 'UDP'), one(['turn', 'port'], turn.port, 'TCP'));
    all.push({ path: ['turn', 'relay_ports'], protocol: 'UDP', ...turn.relay_ports });
  }
  return all;
}

function overlap(a: Ports, b: Ports): boolean {
  return a.protocol === b.protocol && a.first <= b.last && b.first <= a.last;
}
