import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { MakeTransform } from '../rtp/srtp/transform.ts';
import { ProtectedSockets } from './protected-sockets.ts';
import type { LegAssociation } from './protocol.ts';
import type { RtpPortPair } from './rtp-ports.ts';
import { Transport, type TransportOptions } from './transport.ts';

/** A phone that hangs up closes DTLS with its BYE: so long is that waited for before the call counts as broken. */
const BYE_GRACE: Millis = 2000;

/** What a phone's transport is made of, and whom it tells. */
export interface LegTransportOptions
  extends Pick<
    TransportOptions<ProtectedSockets>,
    'local' | 'mux' | 'dtls' | 'digests' | 'timers' | 'clock' | 'wall' | 'drops' | 'isRelay'
  > {
  /** Who protects packets; undefined: TypeScript alone. */
  readonly srtp?: MakeTransform | undefined;
  /** There are keys: what the leg sends arrives from now on. */
  onConnected(): void;
  /** Nothing more will pass. */
  onFailed(reason: string): void;
}

/** A web phone's association: a browser's transport whose media are one leg's RTP and RTCP. */
export class LegTransport {
  readonly #options: LegTransportOptions;
  readonly #transport: Transport<ProtectedSockets>;
  #grace: Alarm | undefined;

  constructor(options: LegTransportOptions) {
    this.#options = options;
    this.#transport = new Transport({
      ...options,
      isRelay: (address, port) => options.isRelay(address, port),
      media: (path) => new ProtectedSockets(path, options.drops, options.srtp),
      onConnected: () => options.onConnected(),
      onPath() {},
      onQuality() {},
      onFailed: (reason) => this.#failed(reason),
      onDataOpened() {},
      onData() {},
    });
  }

  /** The leg's sockets. */
  get pair(): RtpPortPair {
    return this.#transport.media;
  }

  /** Of our candidates. */
  get port(): number {
    return this.#options.mux.port;
  }

  get connected(): boolean {
    return this.#transport.connected;
  }

  /** The phone's description is known, or has changed: with new credentials of ours ICE restarts. */
  associate({ local, remote, fingerprints, role }: LegAssociation): void {
    this.#transport.restart(local);
    this.#transport.setRemote(remote, fingerprints, role === 'client' ? 'client' : undefined);
  }

  close(): void {
    this.#options.timers.cancel(this.#grace);
    this.#transport.close();
  }

  #failed(reason: string): void {
    const { clock, timers, onFailed } = this.#options;
    if (reason !== 'dtls-closed') onFailed(reason);
    else this.#grace = timers.schedule(clock.now() + BYE_GRACE, () => onFailed(reason));
  }
}
