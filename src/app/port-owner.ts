import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Who holds a local port, as `sshd (pid 312)`, by Linux's /proc; undefined when that cannot be told (another user's
 * process, another system). Only for the one line that tells why the gateway does not start.
 */
export function portOwner(protocol: 'udp' | 'tcp', port: number): string | undefined {
  const inodes = new Set([protocol, `${protocol}6`].flatMap((table) => inodesOf(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of list(`/proc/${pid}/fd`)) {
      const target = link(`/proc/${pid}/fd/${fd}`);
      const inode = target?.match(/^socket:\[(\d+)\]$/)?.[1];
      if (inode !== undefined && inodes.has(inode)) return `${programOf(pid)} (pid ${pid})`;
    }
  }
  return undefined;
}

/** The program's name and first argument: Node's own `comm` would only say MainThread. */
function programOf(pid: string): string {
  const [program = '', first = ''] = read(`/proc/${pid}/cmdline`).split('\0');
  const name = program.split('/').at(-1) ?? '';
  return `${name} ${first}`.trim().slice(0, 80) || '?';
}

/** Lines of /proc/net/udp: `sl local_address rem_address st … inode`; the port is hexadecimal, TCP state 0A listens. */
function inodesOf(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(`/proc/net/${table}`)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells[1]?.endsWith(wanted) === true && (!table.startsWith('tcp') || cells[3] === '0A'))
    .map((cells) => cells[9] ?? '');
}

/** /proc changes while it is read, and other users' processes are closed to us: what cannot be read is empty. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
