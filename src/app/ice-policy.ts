import type { IcePolicy } from '../peer/context.ts';
import type { Config } from './config/schema.ts';

/** Which ways browsers of a room may take. */
export function icePolicies({
  ice,
  turn_servers: servers,
}: Pick<Config, 'ice' | 'turn_servers'>): (room: string) => IcePolicy {
  // Whose relays send from where is known of the embedded server alone.
  const relay: IcePolicy = servers.length === 0 || ice.relay_networks.length > 0 ? 'relay' : 'relay-wished';
  const rooms = new Set(ice.relay_rooms.filter((name) => !name.endsWith('*')));
  const beginnings = ice.relay_rooms.flatMap((name) => (name.endsWith('*') ? [name.slice(0, -1)] : []));
  return (room) => {
    const isRelayed =
      ice.transport_policy === 'relay' || rooms.has(room) || beginnings.some((one) => room.startsWith(one));
    return isRelayed ? relay : 'all';
  };
}
