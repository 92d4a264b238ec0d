import { createSocket, type Socket } from 'node:dgram';

/** One record: `type` and its data, already in wire form. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'NAPTR';
  readonly ttl: number;
  readonly data: Buffer;
}

const TYPES: Readonly<Record<ZoneRecord['type'], number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 };

/** A DNS server for one zone on a port of its own (RFC 1035 section 4.1): counts what it is asked. */
export class DnsServer {
  readonly asked: string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket, zone: readonly ZoneRecord[]) {
    this.#socket = socket;
    socket.on('message', (query, from) => {
      const [name, end] = readName(query, 12);
      const type = query.readUInt16BE(end);
      this.asked.push(`${Object.entries(TYPES).find(([, code]) => code === type)?.[0]} ${name}`);
      const found = zone.filter((record) => record.name === name && TYPES[record.type] === type);
      const isKnown = zone.some((record) => record.name === name);
      socket.send(answer(query.subarray(0, end + 4), found, isKnown), from.port, from.address);
    });
  }

  static async open(zone: readonly ZoneRecord[]): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new DnsServer(socket, zone);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }
}

export function a(name: string, address: string, ttl = 300): ZoneRecord {
  return { name, type: 'A', ttl, data: Buffer.from(address.split('.').map(Number)) };
}

export function srv(
  name: string,
  priority: number,
  weight: number,
  port: number,
  target: string,
): ZoneRecord {
  return { name, type: 'SRV', ttl: 300, data: Buffer.concat([u16(priority, weight, port), labels(target)]) };
}

export function naptr(name: string, order: number, service: string, replacement: string): ZoneRecord {
  const texts = ['s', service, ''].map((text) => Buffer.from([text.length, ...Buffer.from(text)]));
  return {
    name,
    type: 'NAPTR',
    ttl: 300,
    data: Buffer.concat([u16(order, 0), ...texts, labels(replacement)]),
  };
}

function answer(query: Buffer, records: readonly ZoneRecord[], isKnown: boolean): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  // Response, recursion available; NXDOMAIN for a name that is not there.
  header.writeUInt16BE(0x8180 | (isKnown ? 0 : 3), 2);
  header.writeUInt16BE(records.length, 6);
  header.fill(0, 8, 12);
  const answers = records.map(({ type, ttl, data }) => {
    const time = Buffer.alloc(4);
    time.writeUInt32BE(ttl);
    return Buffer.concat([u16(0xc00c, TYPES[type], 1), time, u16(data.length), data]);
  });
  return Buffer.concat([header, query.subarray(12), ...answers]);
}

function readName(bytes: Buffer, from: number): [string, number] {
  const parts: string[] = [];
  let at = from;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    parts.push(bytes.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  return [parts.join('.'), at + 1];
}

function labels(name: string): Buffer {
  const parts = name.split('.').filter((part) => part !== '');
  return Buffer.concat([
    ...parts.map((part) => Buffer.from([part.length, ...Buffer.from(part)])),
    Buffer.of(0),
  ]);
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => void bytes.writeUInt16BE(value, 2 * index));
  return bytes;
}
