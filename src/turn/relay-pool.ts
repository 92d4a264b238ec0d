import type { DatagramSocket } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { AddressFamily } from '../stun/address.ts';
import type { RelayAddresses, RelayOpener } from './ports.ts';
import { RelayPorts } from './relay-ports.ts';

/** A port may be some other program's: so many are tried before 508. */
const OPEN_ATTEMPTS = 8;

/** A relayed transport address, and the socket behind it. */
export interface OpenRelay {
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
  readonly socket: DatagramSocket;
}

/** Opens and closes relays of both families out of the range of ports. */
export class RelayPool {
  readonly #addresses: RelayAddresses;
  readonly #opener: RelayOpener;
  readonly #ports: Readonly<Record<AddressFamily, RelayPorts>>;
  #held = 0;

  constructor(options: {
    addresses: RelayAddresses;
    opener: RelayOpener;
    range: readonly [number, number];
    random: Random;
  }) {
    this.#addresses = options.addresses;
    this.#opener = options.opener;
    const ports = () => new RelayPorts(options.range, options.random);
    this.#ports = { ipv4: ports(), ipv6: ports() };
  }

  /** Ports that are taken. */
  get held(): number {
    return this.#held;
  }

  has(family: AddressFamily): boolean {
    return this.#addresses[family] !== undefined;
  }

  /** Opens one relay; undefined when no port could be had. Whoever does not want it any more closes it. */
  open(
    family: AddressFamily,
    parity: 'any' | 'even',
    done: (relay: OpenRelay | undefined) => void,
    left: number = OPEN_ATTEMPTS,
  ): void {
    const port = left > 0 && this.has(family) ? this.#ports[family].take(parity) : undefined;
    if (port === undefined) {
      done(undefined);
      return;
    }
    this.#held++;
    this.#openPort(family, port, (relay) => {
      if (relay === undefined) this.open(family, parity, done, left - 1);
      else done(relay);
    });
  }

  /** Opens an even port and the next one (RFC 8656 section 7.2, EVEN-PORT with its bit set). */
  openPair(
    family: AddressFamily,
    done: (pair: readonly [OpenRelay, OpenRelay] | undefined) => void,
    left: number = OPEN_ATTEMPTS,
  ): void {
    const port = left > 0 && this.has(family) ? this.#ports[family].takePair() : undefined;
    if (port === undefined) {
      done(undefined);
      return;
    }
    this.#held += 2;
    this.#openPort(family, port, (first) => {
      this.#openPort(family, port + 1, (second) => {
        if (first !== undefined && second !== undefined) {
          done([first, second]);
          return;
        }
        if (first !== undefined) this.close(first);
        if (second !== undefined) this.close(second);
        this.openPair(family, done, left - 1);
      });
    });
  }

  close(relay: OpenRelay): void {
    relay.socket.onDatagram = () => {};
    relay.socket.close();
    this.#give(relay.family, relay.port);
  }

  #openPort(family: AddressFamily, port: number, done: (relay: OpenRelay | undefined) => void): void {
    this.#opener.open(family, port, (socket) => {
      if (socket === undefined) {
        this.#give(family, port);
        done(undefined);
      } else {
        done({ family, port, socket, address: this.#addresses[family]! });
      }
    });
  }

  #give(family: AddressFamily, port: number): void {
    this.#ports[family].give(port);
    this.#held--;
  }
}
