import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A UDP socket in Python: Node cannot ask for the type-of-service byte of what it receives. */
const SCRIPT = `
import socket, sys, threading
v6 = sys.argv[1] == '6'
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('::1' if v6 else '127.0.0.1', 0))
if v6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
else: s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
print(s.getsockname()[1], flush=True)
def send():
  for line in sys.stdin:
    port, text = line.split(' ', 1)
    s.sendto(bytes.fromhex(text.strip()), (s.getsockname()[0], int(port)))
threading.Thread(target=send, daemon=True).start()
while True:
  data, extra, flags, peer = s.recvmsg(4096, 100)
  print(extra[0][2][0], data.hex(), flush=True)
`;

/** One datagram as its receiver's kernel saw it. */
export interface MarkedDatagram {
  /** The type-of-service byte of IPv4, or the traffic class of IPv6. */
  readonly tos: number;
  /** Its bytes, as Latin-1. */
  readonly text: string;
}

/** A socket on loopback that tells with which type of service datagrams came. */
export class MarkedUdp {
  static readonly available = spawnSync('python3', ['-c', 'import socket']).status === 0;
  readonly port: number;
  readonly received: MarkedDatagram[] = [];
  readonly #child: ChildProcessWithoutNullStreams;

  private constructor(child: ChildProcessWithoutNullStreams, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async open(family: 4 | 6): Promise<MarkedUdp> {
    const child = spawn('python3', ['-c', SCRIPT, String(family)]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const socket = new MarkedUdp(child, Number((await lines.next()).value));
    void (async () => {
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        const [tos = '', hex = ''] = line.value.split(' ');
        socket.received.push({ tos: Number(tos), text: Buffer.from(hex, 'hex').toString('latin1') });
      }
    })();
    return socket;
  }

  /** To a port on the same address. */
  send(text: string, port: number): void {
    this.#child.stdin.write(`${port} ${Buffer.from(text, 'latin1').toString('hex')}\n`);
  }

  close(): void {
    this.#child.kill();
  }
}
