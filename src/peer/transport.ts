import { newId, randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { IceCredentials, MediaEvent, TransportId, TransportPath } from '../media/protocol.ts';
import type { MediaPlace } from '../room/ports.ts';
import type { BrowserDescription } from '../sdp/browser.ts';
import type { LocalTransport } from '../sdp/browser-write.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import type { IcePolicy, PeerContext } from './context.ts';

/** One ICE/DTLS association as signaling sees it: our credentials, the browser's, and the worker told of both. */
export class PeerTransport {
  readonly id: TransportId;
  readonly #room: MediaPlace;
  readonly #random: Random;
  readonly #candidates: readonly HostCandidate[];
  readonly #sessionId: string;
  #local: IceCredentials;
  #remote: IceCredentials | undefined;
  #fingerprint = '';
  #version = 0;
  #isClient = false;
  /** We restarted ICE by ourselves: the browser's new credentials are the answer to that. */
  #restarted = false;

  /** `policy`: which ways the browser may take. */
  constructor(
    room: MediaPlace,
    { random, candidates }: Pick<PeerContext, 'random' | 'candidates'>,
    policy: IcePolicy,
    onEvent: (event: MediaEvent, transport: PeerTransport) => void,
  ) {
    this.id = newId(random, 'TP');
    this.#room = room;
    this.#random = random;
    this.#candidates = candidates(room.ice.port, policy);
    this.#sessionId = String(random.u32() + 1);
    this.#local = credentials(random);
    room.listen(this.id, (event) => onEvent(event, this));
    const ways = policy === 'relay' ? { ways: 'relay' as const } : {};
    room.media({ type: 'transport.open', room: room.sid, transport: this.id, local: this.#local, ...ways });
  }

  /** Takes in the browser's end. A changed user fragment restarts ICE (RFC 8839 section 5.4). */
  remote({ ice, fingerprints, setup }: BrowserDescription): void {
    const fingerprint = fingerprints.map(({ value }) => value).join();
    const known = this.#remote;
    if (known?.ufrag === ice.ufrag && known.pwd === ice.pwd && fingerprint === this.#fingerprint) return;
    if (known !== undefined && (known.ufrag !== ice.ufrag || known.pwd !== ice.pwd)) {
      if (this.#restarted) this.#restarted = false;
      else this.#renew();
    }
    this.#remote = ice;
    this.#fingerprint = fingerprint;
    this.#isClient = setup === 'passive';
    const begin = this.#isClient ? { dtls: 'client' as const } : {};
    this.#room.media({ type: 'transport.remote', transport: this.id, remote: ice, fingerprints, ...begin });
  }

  /** Restarts ICE from our side: the next offer has new credentials (RFC 8839 section 4.4.3.1.1). */
  restart(): void {
    if (this.#remote === undefined) return;
    this.#restarted = true;
    this.#renew();
  }

  /** Our part in DTLS, for an answer (RFC 8842 section 5.3): who does not mind waits to be told, and who waits is told by us. */
  get setup(): 'active' | 'passive' {
    return this.#isClient ? 'active' : 'passive';
  }

  /** Our end, for the next description of this session. */
  describe(): LocalTransport {
    this.#version++;
    return {
      sessionId: this.#sessionId,
      version: this.#version,
      ice: this.#local,
      fingerprint: this.#room.ice.fingerprint,
      candidates: this.#candidates,
    };
  }

  #renew(): void {
    this.#local = credentials(this.#random);
    this.#room.media({ type: 'transport.restart', transport: this.id, local: this.#local });
  }

  close(): void {
    this.#room.unlisten(this.id);
    this.#room.media({ type: 'transport.close', transport: this.id });
  }
}

/** RFC 8445 section 5.3 wants 24 and 128 bits at least: these have 71 and 190. */
function credentials(random: Random): IceCredentials {
  return { ufrag: randomText(random, 12), pwd: randomText(random, 32) };
}

/** The way of a transport for people: `udp`, `tcp` or, over the embedded TURN server, `relay/udp`. */
export function pathName({ protocol, relayed }: TransportPath): string {
  return relayed ? `relay/${protocol}` : protocol;
}
