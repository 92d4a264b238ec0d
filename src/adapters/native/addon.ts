import { createRequire } from 'node:module';
import type { PacketTransform } from '../../rtp/srtp/transform.ts';

/** What `addon/udp.cc` exports: numbers and memory only; `native-udp.ts` makes sockets of it. */
export interface UdpPoll {
  /** A bound socket's number, or the negative errno. */
  open(address: string, port: number): number;
  /** 0 when it is closed. */
  port(socket: number): number;
  /** What the socket sends bears this code point from now on (RFC 2474), 0 to 63; 1 when the kernel took it. */
  mark(socket: number, dscp: number): number;
  /** 1 when the kernel can be told to send the socket's datagrams in one piece or not at all, else 0. */
  whole(socket: number): number;
  /** From now on the ages of the socket's datagrams are told in the memory of {@link lanes}, ms. `speakers`: one, or 2 for many. */
  timed(socket: number, speakers: 1 | 2): void;
  close(socket: number): void;
  /** Seals and sends the first `count` slots of the outbox; how many did not leave. */
  flush(count: number): number;
  /**
   * Fills `count` slots of the outbox, from `slot` on, with `packet`, each for the next of `rows` (`native-fan.ts`), from row `from` on.
   * `shape`: the packet's length, its header's, its source's timestamp, its advance, where the MID goes, and the MID's length.
   */
  spread(
    slot: number,
    rows: Int32Array,
    from: number,
    count: number,
    packet: Uint8Array,
    shape: Int32Array,
  ): void;
  /** A number for the keys of an {@link Addon.SrtpTransform}, by which slots are sealed; 0 when `sealer` is none. */
  keep(sealer: object): number;
  /** The number is forgotten: slots that have it are sent no more. */
  release(keys: number): void;
  /** The memory of all lanes: once, before any socket rests. `squares` are those of A-law, then of µ-law, by byte. */
  lanes(report: Float64Array, ages: Float64Array, squares: Int32Array): void;
  /**
   * From now on packets as `terms` say are counted (`native-lane.ts`), and the socket is read by {@link collect} alone; 0 when
   * the keys are not the addon's, the negative errno when the kernel watches no more sockets: then nothing changes.
   */
  rest(
    socket: number,
    terms: Int32Array,
    /** Of {@link Addon.SrtpTransform}; undefined: packets are not protected. */
    opener: object | undefined,
    sealer: object | undefined,
    /** Indices: the highest that was heard, and that of the packet which is sent next. */
    heard: number,
    next: number,
  ): number;
  /** The negative errno when the kernel does not let it wake the thread: {@link collect} reads it on. */
  wake(socket: number): number;
  /** Reads the sockets that rest; how many datagrams are in the inbox for JavaScript. When it is full there may be more. */
  collect(): number;
  /** How many packets were counted, or -1 when the socket does not rest: the report is in the memory of {@link lanes}. */
  drain(socket: number): number;
  /** Sends `payload` to the first `count` of `sockets`, as each one's terms say; how many the kernel did not take. */
  fan(sockets: Int32Array, count: number, payload: Uint8Array): number;
}

/** A certificate with its key; of `addon/dtls.cc`. */
export interface DtlsContext {
  /** Opaque: only the addon knows what it is. */
  readonly context: never;
}

/** One DTLS association, of `addon/dtls.cc`: whoever calls `receive`, `elapse`, `send` or `close` empties both queues then. */
export interface DtlsAssociation {
  /** Forgets what `expect` told. */
  expectNobody(): void;
  /** Certificates that the peer may have, besides: digests one behind the other, each of 32, 48 or 64 bytes. */
  expect(digests: Uint8Array, length: number): void;
  /** Takes one record; answers one of `DtlsState`. */
  receive(record: Uint8Array): number;
  /** Until `elapse` is due, ms; -1: nothing waits for an answer. */
  timeout(): number;
  /** Repeats the last flight if its time has come; answers one of `DtlsState`. */
  elapse(): number;
  /** Whether the message became a datagram. */
  send(message: Uint8Array): boolean;
  /** Copies the next datagram for the peer; its length, or 0 when there is none. */
  takeDatagram(into: Uint8Array): number;
  /** The same of the peer's messages. */
  takeMessage(into: Uint8Array): number;
  /** Why the handshake failed: -1 when the certificate was not expected, else OpenSSL's reason. */
  failure(): number;
  /** By its number in RFC 5764 and RFC 7714; 0: none. */
  srtpProfile(): number;
  /** Fills `into` with keying material for SRTP (RFC 5764 section 4.2); false when not connected. */
  exportSrtp(into: Uint8Array): boolean;
  /** Makes the datagram with close_notify, if ever connected, and lets go of the memory. */
  close(): void;
}

/** The addon's exports. */
export interface Addon {
  readonly UdpPoll: new (
    inbox: Uint8Array,
    inWords: Int32Array,
    outbox: Uint8Array,
    outWords: Int32Array,
    onBatch: (count: number) => void,
    /** Bytes of a slot, at most 65,536. */
    slot: number,
  ) => UdpPoll;
  /**
   * What `addon/srtp.cc` exports; null where Node does not export its OpenSSL. Methods throw when the packet, or the room
   * behind it that sealing needs, does not lie within the bytes. `tagBytes`: 16 for AES-GCM, 10 or 4 for AES-CM with
   * HMAC-SHA1.
   */
  readonly SrtpTransform:
    | (new (
        encryption: Uint8Array,
        authentication: Uint8Array,
        salt: Uint8Array,
        tagBytes: number,
      ) => PacketTransform)
    | null;
  /** Null where Node does not export its OpenSSL. Throws when certificate (DER) and key (PKCS #8, DER) do not fit. */
  readonly DtlsContext: (new (certificate: Uint8Array, key: Uint8Array) => DtlsContext) | null;
  readonly DtlsAssociation: (new (context: DtlsContext, isClient: boolean) => DtlsAssociation) | null;
}

/** As in `addon/module.cc`: which exports these are. */
const REVISION = 14;

/** Loads the addon; undefined where it was not built, or was for other code than this: everything works without it, only dearer. */
export function loadAddon(): Addon | undefined {
  try {
    const addon = createRequire(import.meta.url)('./build/Release/trunkroom.node') as Addon & {
      revision?: number;
    };
    return addon.revision === REVISION ? addon : undefined;
  } catch {
    // No compiler at the installation, another kind of system, or another C library than it was built for.
    return undefined;
  }
}
