import { AddressSet } from '../../trunk/addresses.ts';
import type { ExternalRelay, RelayCredentials } from '../../turn/external-relays.ts';
import type { RelaySelection } from '../../turn/nearest.ts';
import type { Config } from './schema.ts';
import type { Path } from './source.ts';

type TurnServerConfig = Config['turn_servers'][number];

/** Reads a file that holds a secret; undefined when it cannot be read. */
type ReadSecret = (path: string) => string | undefined;

/** What is wrong with the credentials of `turn_servers`: each has a secret, or a user and a password, from one place. */
export function turnServerFaults(
  servers: readonly TurnServerConfig[],
  read: ReadSecret,
): { path: Path; message: string }[] {
  return servers.flatMap((server, index) => {
    const fault = (key: string, message: string) => [{ path: ['turn_servers', index, key], message }];
    const { secret, secret_file, username, password, password_file } = server;
    const hasSecret = secret !== undefined || secret_file !== undefined;
    const hasPassword = password !== undefined || password_file !== undefined;
    if (secret !== undefined && secret_file !== undefined)
      return fault('secret_file', 'secret is set too: give one');
    if (password !== undefined && password_file !== undefined)
      return fault('password_file', 'password is set too: give one');
    if (hasSecret && (username !== undefined || hasPassword))
      return fault('username', 'a server has a secret or a user, not both');
    if (!hasSecret && !(username !== undefined && hasPassword))
      return fault('urls', 'secret, or username and password, are needed with it');
    const file = secret_file ?? password_file;
    if (file !== undefined && !read(file)?.trim())
      return fault(
        secret_file === undefined ? 'password_file' : 'secret_file',
        `${file} cannot be read, or is empty`,
      );
    return [];
  });
}

/** Regions that no server is in: what names them is a slip. */
export function turnSelectionFaults({
  turn_selection,
  turn_servers,
}: Config): { path: Path; message: string }[] {
  const known = new Set(turn_servers.map(({ region }) => region));
  return turn_selection.regions.flatMap(({ name }, index) =>
    known.has(name)
      ? []
      : [
          {
            path: ['turn_selection', 'regions', index, 'name'],
            message: `no server of turn_servers is in region ${name}`,
          },
        ],
  );
}

/** `turn_servers` with what their files hold now. */
export function externalRelays(servers: readonly TurnServerConfig[], read: ReadSecret): ExternalRelay[] {
  return servers.map((server) => ({
    urls: server.urls,
    credentials: credentialsOf(server, read),
    region: server.region,
    serves: server.networks.length === 0 ? undefined : new AddressSet(server.networks).has,
  }));
}

/** Who is told of which of them. */
export function relaySelection({ limit, order, regions }: Config['turn_selection']): RelaySelection {
  const known = regions.map(({ name, networks }) => ({ name, has: new AddressSet(networks).has }));
  return { limit, order, regionOf: (client) => known.find(({ has }) => has(client))?.name };
}

/** The files of `turn_servers`, to be watched. */
export function turnServerFiles(servers: readonly TurnServerConfig[]): string[] {
  return servers.flatMap(({ secret_file, password_file }) => secret_file ?? password_file ?? []);
}

function credentialsOf(server: TurnServerConfig, read: ReadSecret): RelayCredentials {
  const fromFile = (file: string | undefined) => (file === undefined ? undefined : read(file)?.trim());
  if (server.username !== undefined) {
    const password = server.password ?? fromFile(server.password_file) ?? '';
    return { kind: 'static', username: server.username, password };
  }
  const secret = server.secret ?? fromFile(server.secret_file) ?? '';
  return { kind: 'secret', secret, ttlMs: server.credential_ttl };
}
