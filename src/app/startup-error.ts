import { HttpListenError } from '../adapters/http/server.ts';
import { ListenError } from '../adapters/tcp/door.ts';
import { BindError } from '../adapters/udp/udp.ts';
import { portOwner } from './port-owner.ts';

/** The gateway cannot start, for a reason that its operator can mend: one line, no stack. */
export class StartupError extends Error {}

/** Runs `open`; a port that cannot be had becomes a {@link StartupError} that names the setting and who holds it. */
export async function listening<T>(setting: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof BindError) throw taken(setting, 'udp', error);
    if (error instanceof ListenError || error instanceof HttpListenError) throw taken(setting, 'tcp', error);
    throw error;
  }
}

/** What Node calls it, and what it means to an operator. */
const WORDS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'no interface of this machine has that address',
  EACCES: 'it is not permitted: ports below 1024 are for root, or who has CAP_NET_BIND_SERVICE',
  EAFNOSUPPORT: 'this machine has no such addresses: IPv6 is turned off',
};

function taken(
  setting: string,
  protocol: 'udp' | 'tcp',
  { code, local }: BindError | ListenError | HttpListenError,
): StartupError {
  const where = `${setting}: ${protocol.toUpperCase()} port ${local.port} on ${local.address}`;
  if (code !== 'EADDRINUSE') return new StartupError(`${where} cannot be opened: ${WORDS[code] ?? code}`);
  return new StartupError(`${where} is taken by ${portOwner(protocol, local.port) ?? 'another process'}`);
}
