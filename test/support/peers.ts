import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { KAMAILIO_MODULES } from './kamailio-config.ts';

/** Where Debian has put it, or would on this architecture. */
function kamailioModule(name: string): string {
  const paths = KAMAILIO_MODULES.map((folder) => `${folder}/${name}`);
  return paths.find((path) => existsSync(path)) ?? paths[0]!;
}

/** Debian packages by the file that shows that they are there. */
const PEERS = [
  { package: 'chromium', file: '/usr/bin/chromium' },
  { package: 'firefox-esr', file: '/usr/bin/firefox-esr' },
  { package: 'baresip-core', file: '/usr/bin/baresip' },
  { package: 'openssl', file: '/usr/bin/openssl' },
  { package: 'sip-tester', file: '/usr/bin/sipp' },
  { package: 'sipvicious', file: '/usr/bin/svmap' },
  { package: 'coturn', file: '/usr/bin/turnserver' },
  { package: 'kamailio', file: '/usr/sbin/kamailio' },
  { package: 'kamailio-tls-modules', file: kamailioModule('tls.so') },
  { package: 'python3-aiortc', file: '/usr/lib/python3/dist-packages/aiortc/__init__.py' },
  { package: 'sox', file: '/usr/bin/sox' },
  { package: 'iproute2', file: '/usr/bin/ss' },
  { package: 'nftables', file: '/usr/sbin/nft' },
  { package: 'iptables', file: '/usr/sbin/iptables' },
  { package: 'gcc', file: '/usr/bin/gcc' },
  { package: 'libc6-dev', file: '/usr/include/stdio.h' },
  { package: 'libnetfilter-queue-dev', file: '/usr/include/libnetfilter_queue/libnetfilter_queue.h' },
  { package: 'libnfnetlink-dev', file: '/usr/include/libnfnetlink/libnfnetlink.h' },
] as const;

function missingPackages(): string[] {
  return PEERS.filter((peer) => !existsSync(peer.file)).map((peer) => peer.package);
}

/** Installs what is missing when this is root on Debian. Gives the packages that are missing still. */
export function ensurePeers(): string[] {
  const missing = missingPackages();
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return missing;
  console.log(`Installing ${missing.join(', ')} …`);
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  return missingPackages();
}

/** Failures show in what is missing afterwards; apt's own words go to the terminal. */
function apt(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['-o', 'Dpkg::Use-Pty=0', '-o', 'Acquire::Retries=3', ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
