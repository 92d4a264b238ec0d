import { addressScope } from '../../trunk/addresses.ts';
import type { Config } from './schema.ts';
import type { Path } from './source.ts';

/** TURN alone where there is no TURN, and addresses that no relay reaches. */
export function iceFaults({ ice, turn, turn_servers: servers }: Config): { path: Path; message: string }[] {
  const { relay_addresses: addresses, relay_rooms: rooms, transport_policy: policy } = ice;
  const key = policy === 'relay' ? 'transport_policy' : 'relay_rooms';
  const isRelayed = policy === 'relay' || rooms.length > 0;
  return [
    ...(isRelayed && !turn.enabled && servers.length === 0
      ? [{ path: ['ice', key], message: 'turn.enabled or turn_servers is needed with it: nobody could come' }]
      : []),
    ...addresses.flatMap((address, index) => {
      const scope = addressScope(address);
      const isUseful = scope !== 'link-local' && scope !== 'multicast' && scope !== 'unspecified';
      return isUseful
        ? []
        : [{ path: ['ice', 'relay_addresses', index], message: `${scope}: no relay reaches that` }];
    }),
  ];
}
