import type { StartupConfig } from './config/read.ts';

/** What `npm start` says when it listens: where, who may call, and what to do next. */
export function banner({ config, mode, addresses }: StartupConfig, startupMs: number): string {
  const near = addresses.includes('127.0.0.1') ? '127.0.0.1' : (addresses[0] ?? '127.0.0.1');
  const outer = addresses.find((address) => address !== near);
  const host = (address: string) => (address.includes(':') ? `[${address}]` : address);
  const port = (number: number, usual: number) => (number === usual ? '' : `:${number}`);
  const sip = (address: string, room: string) => `sip:${room}@${host(address)}${port(config.sip.port, 5060)}`;
  const page = `http://${near === '127.0.0.1' ? 'localhost' : host(near)}:${config.http.port}/`;
  const lines = [
    '',
    `Trunkroom is ready (${(startupMs / 1000).toFixed(1)} s)${mode === 'development' ? ' with development keys' : ''}`,
    '',
    `  page    ${page}`,
    `  SIP     ${sip(near, 'lobby')}  (UDP and TCP)${outer === undefined ? '' : `, from outside ${sip(outer, 'lobby')}`}`,
    ...webPhones(config, near),
    config.turn.enabled
      ? `  TURN    turn:${host(near)}:${config.turn.port}  (UDP and TCP), relays to this gateway's media port alone`
      : '  TURN    off',
    `  media   UDP ${config.ice.udp_port}${config.ice.tcp ? ` and TCP ${config.ice.tcp_port}` : ''} for browsers, UDP ${config.rtp.ports.first}-${config.rtp.ports.last} for phones`,
    `          browsers are told of ${addresses.join(', ')}`,
    '',
    ...trunkLines(config),
    '',
    ...nextSteps(config, mode, page, sip(near, 'lobby')),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function webPhones(
  { trunks, http, sip_websocket: { path } }: StartupConfig['config'],
  near: string,
): string[] {
  const isOpen = trunks.some(({ transports }) => transports.includes('ws'));
  return isOpen
    ? [`  web SIP ws://${near.includes(':') ? `[${near}]` : near}:${http.port}${path}  (web phones)`]
    : [];
}

function trunkLines({ trunks }: StartupConfig['config']): string[] {
  if (trunks.length === 0)
    return ['  no trunk is configured: nobody can call. See config/trunks/ for examples.'];
  return trunks.map(
    (trunk) =>
      `  trunk   ${trunk.id}: open to ${trunk.allowed_addresses.join(', ')}, for ${servedNumbers(trunk.numbers)}`,
  );
}

function servedNumbers(numbers: readonly string[]): string {
  return numbers.length === 0 ? 'every number' : numbers.join(', ');
}

function nextSteps(
  config: StartupConfig['config'],
  mode: StartupConfig['mode'],
  page: string,
  uri: string,
): string[] {
  if (mode === 'production') {
    return ['  Next: give browsers tokens signed with one of your keys, and point the trunk here.'];
  }
  return [
    `  Next: open ${page}?room=lobby and join, then dial ${uri} from a softphone,`,
    `  or let this machine be the phone: npm run phone -- ${uri}`,
    ...(config.trunks.some((trunk) => trunk.id === 'development')
      ? ['  The number dialled is the room: sip:kitchen@… lands in the room kitchen.']
      : []),
  ];
}
