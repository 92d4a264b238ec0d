import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HostPort } from '../../base/net.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { parseUri } from '../../sip/uri.ts';

/** What was asked to be dialled. */
export interface Target {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

/** Reads `sip:lobby@host:5060;transport=tcp`; `sip:` may be left out. The fault is a sentence for the terminal. */
export function parseTarget(text: string): Result<Target, string> {
  const parsed = parseUri(/^(sips?|tel):/i.test(text) ? text : `sip:${text}`);
  if (!parsed.ok) return fail(`"${text}" is no SIP URI; write sip:room@host or sip:number@host:port`);
  const uri = parsed.value;
  if (uri.scheme !== 'sip') return fail(`${uri.scheme}: cannot be dialled by this tool, only sip:`);
  if (uri.user === '') return fail(`"${text}" names nobody: write sip:room@${uri.host}`);
  const transport = uri.params.get('transport')?.toLowerCase() ?? 'udp';
  if (transport !== 'udp' && transport !== 'tcp')
    return fail(`transport ${transport} is not known: udp or tcp`);
  return ok({ user: uri.user, host: uri.host, port: uri.port ?? 5060, transport });
}

/** `sip:lobby@host:port` for the request line. */
export function targetUri({ user, host, port, transport }: Target): string {
  const literal = host.includes(':') ? `[${host}]` : host;
  return `sip:${encodeURIComponent(user)}@${literal}:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
}

/** The target's address as a literal, by the host's resolver. Rejects when the name is not known. */
export async function resolveTarget({ host, port }: Target): Promise<HostPort> {
  if (isIP(host) !== 0) return { address: host, port };
  const found = await lookup(host).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the host ${host} is not known: ${error.code ?? error.message}`);
  });
  return { address: found.address, port };
}

/** The address of this machine from which `remote` is reached; nothing is sent to find out. */
export function localAddressTowards(remote: HostPort): Promise<string> {
  const socket = createSocket(isIP(remote.address) === 6 ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.connect(remote.port, remote.address, () => {
      const { address } = socket.address();
      socket.close();
      resolve(address);
    });
  });
}
