import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { formatHostPort } from '../base/net.ts';
import type { SealingWay } from '../base/sealing-way.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { CONSENT_MS, IceLite } from '../ice/ice-lite.ts';
import { PathSilence } from '../ice/path-silence.ts';
import type { Remote } from '../ice/remotes.ts';
import type { DropCounter } from './drop-counter.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from './dtls-port.ts';
import type { Mux, MuxPeer, MuxStream } from './mux.ts';
import type { PathQuality } from './path-quality.ts';
import type { ProtectedMedia, ProtectedPath } from './protected-media.ts';
import type { DataChannelLabel, Fingerprint, IceCredentials, TransportPath } from './protocol.ts';

/** From the first check until DTLS is done and audited. */
const DTLS_DEADLINE: Millis = 30_000;
const REPORT_EVERY: Millis = 1000;
/** Reports from one judgement of the path's quality to the next. */
const REPORTS_A_JUDGEMENT = 5;
/** Each ClientHello costs a key pair; a handshake at 25 % loss has some 30 datagrams. */
const HANDSHAKE_RATE = { perSecond: 20, burst: 100 };
/** What one browser may send: data channels at full speed, a whole simulcast video. */
const DTLS_RATE = { perSecond: 5000, burst: 5000 };
const MEDIA_RATE = { perSecond: 10_000, burst: 10_000 };
/** Compounds of RTCP, which cost more: each may speak of thousands of packets. */
const REPORT_RATE = { perSecond: 500, burst: 1000 };

/** Why a transport came to its end; the reason of `transport.failed`. */
export type TransportFailure = 'ice-consent' | 'dtls-timeout' | 'dtls-closed' | `dtls-${string}`;

/** What a transport is made of, and whom it tells. */
export interface TransportOptions<Media extends ProtectedMedia> {
  readonly local: IceCredentials;
  /** `relay`: only checks that come by a TURN server's relay are heard. */
  readonly ways?: 'relay' | undefined;
  readonly mux: Mux;
  readonly dtls: DtlsEngine;
  readonly digests: Digests;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly drops: DropCounter;
  isRelay(address: string, port: number): boolean;
  /** Makes the media half over this path. */
  media(path: ProtectedPath): Media;
  onConnected(path: TransportPath): void;
  onPath(path: TransportPath): void;
  onQuality(quality: PathQuality): void;
  /** Called once; the transport has let go of everything. */
  onFailed(reason: TransportFailure): void;
  onDataOpened(channel: DataChannelLabel): void;
  onData(channel: DataChannelLabel, bytes: Uint8Array): void;
}

/** One association: ICE-lite decides the path, DTLS proves the peer and gives keys, SRTP carries media. */
export class Transport<Media extends ProtectedMedia> implements MuxPeer {
  readonly media: Media;
  readonly #options: TransportOptions<Media>;
  readonly #ice: IceLite;
  readonly #session: DtlsSession;
  #dtlsRate: TokenBucket;
  readonly #mediaRate: TokenBucket;
  readonly #reportRate: TokenBucket;
  readonly #silence = new PathSilence();
  /** The path in use may have broken: the next packet tells whether the peer is on another. */
  uneasy = false;
  #state: 'connecting' | 'connected' | 'closed' = 'connecting';
  /** Where packets are sealed as they leave, and for which remote that was asked. */
  #way: SealingWay | undefined;
  #wayTo: Remote | undefined;
  #checked = false;
  /** The peer waits for us to begin DTLS. */
  #begins = false;
  #reports = 0;
  #consentAlarm: Alarm | undefined;
  #dtlsAlarm: Alarm | undefined;
  #reportAlarm: Alarm | undefined;
  #silenceAlarm: Alarm | undefined;

  constructor(options: TransportOptions<Media>) {
    this.#options = options;
    const now = options.clock.now();
    this.#ice = new IceLite({ local: options.local, digests: options.digests, now });
    this.#session = options.dtls.open({
      send: (datagram) => this.#send(datagram),
      onEvent: (event) => this.#onDtlsEvent(event),
    });
    this.#dtlsRate = new TokenBucket(HANDSHAKE_RATE, now);
    this.#mediaRate = new TokenBucket(MEDIA_RATE, now);
    this.#reportRate = new TokenBucket(REPORT_RATE, now);
    this.media = options.media({
      send: (bytes) => this.#send(bytes),
      sendReused: (bytes) => this.#sendReused(bytes),
      sealing: (sealer) => this.#sealing(sealer),
      isSteady: () => this.#ice.remotes.length === 1 || !this.#silence.isSuspicious(options.clock.now()),
      isReady: () => this.#state === 'connected' && this.#ice.selected !== undefined && options.mux.ready,
    });
    options.mux.addUfrag(options.local.ufrag, this);
    this.#consentAlarm = options.timers.schedule(now + CONSENT_MS, (at) => this.#watchConsent(at));
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  /** `dtls`: who of the two says the first word, once there is a path. */
  setRemote(remote: IceCredentials, fingerprints: readonly Fingerprint[], dtls?: 'client'): void {
    if (this.#state === 'closed') return;
    this.#ice.setRemote(remote.ufrag);
    this.#session.expect(fingerprints);
    this.#begins = dtls === 'client';
    this.#begin();
    for (const ufrag of this.#ice.ufrags) this.#options.mux.replayEarly(ufrag);
  }

  restart(local: IceCredentials): void {
    if (this.#state === 'closed') return;
    const dropped = this.#ice.restart(local);
    if (dropped !== undefined) this.#options.mux.removeUfrag(dropped);
    this.#options.mux.addUfrag(local.ufrag, this);
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#session.sendData(channel, bytes);
  }

  /** Says close_notify and lets go of everything. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#session.close();
    this.#state = 'closed';
    const { mux, timers } = this.#options;
    for (const ufrag of this.#ice.ufrags) mux.removeUfrag(ufrag);
    for (const remote of this.#ice.remotes) this.#letGo(remote);
    this.media.pathChanged();
    this.#way?.close();
    this.#way = undefined;
    timers.cancel(this.#consentAlarm);
    timers.cancel(this.#dtlsAlarm);
    timers.cancel(this.#reportAlarm);
    timers.cancel(this.#silenceAlarm);
  }

  onCheck(bytes: Uint8Array, address: string, port: number, now: Millis, stream?: MuxStream): void {
    const { mux, drops, ways } = this.#options;
    if (ways === 'relay' && (stream !== undefined || !this.#options.isRelay(address, port))) {
      drops.count('stun', 'not-relayed');
      return;
    }
    const outcome = this.#ice.check(bytes, address, port, now, stream);
    if (outcome.response !== undefined) {
      if (stream === undefined) mux.send(outcome.response, port, address);
      else stream.send(outcome.response);
    }
    if (outcome.kind === 'refused') {
      drops.count('stun', outcome.reason);
      return;
    }
    if (outcome.evicted !== undefined) this.#letGo(outcome.evicted);
    // At every check: another peer may have proven itself from a forged copy of this address meanwhile.
    if (stream === undefined) mux.addAddress(address, port, this);
    else stream.peer = this;
    if (outcome.retiredUfrag !== undefined) mux.removeUfrag(outcome.retiredUfrag);
    if (!this.#checked) {
      this.#checked = true;
      this.#dtlsAlarm = this.#options.timers.schedule(now + DTLS_DEADLINE, () => this.#fail('dtls-timeout'));
    }
    if (outcome.added || outcome.pathChanged) this.media.pathChanged();
    this.#watchSilence();
    if (outcome.pathChanged && this.#state === 'connected') this.#options.onPath(this.#path());
    this.#begin();
  }

  onDtls(bytes: Uint8Array, now: Millis): void {
    if (!this.#dtlsRate.take(now)) {
      this.#options.drops.count('dtls', 'rate');
      return;
    }
    this.#session.receive(bytes);
  }

  onSrtp(bytes: Uint8Array, now: Millis): void {
    if (!this.#mediaRate.take(now)) {
      this.#options.drops.count('srtp', 'rate');
      return;
    }
    this.#silence.heard(now);
    this.#watchSilence();
    this.media.onSrtp(bytes, now);
  }

  onSrtcp(bytes: Uint8Array, now: Millis): void {
    if (!this.#reportRate.take(now)) {
      this.#options.drops.count('srtcp', 'rate');
      return;
    }
    this.#silence.heard(now);
    this.#watchSilence();
    this.media.onSrtcp(bytes, now, this.#options.wall.unixMs());
  }

  onMediaFrom(address: string, port: number, stream: MuxStream | undefined): void {
    this.uneasy = false;
    if (!this.#ice.follow(address, port, stream)) return;
    this.media.pathChanged();
    this.#options.onPath(this.#path());
  }

  onStreamClosed(stream: MuxStream): void {
    const isOther = this.#ice.streamClosed(stream);
    this.media.pathChanged();
    if (isOther && this.#state === 'connected') this.#options.onPath(this.#path());
  }

  /** Where there is a spare path, media are told when the one in use may have broken: from then on they take both. */
  #watchSilence(): void {
    const at = this.#silence.suspiciousAt;
    if (this.#silenceAlarm !== undefined || at === Number.POSITIVE_INFINITY) return;
    if (this.#ice.remotes.length < 2 || this.#state === 'closed') return;
    this.#silenceAlarm = this.#options.timers.schedule(at + 1, (now) => {
      this.#silenceAlarm = undefined;
      if (this.#silence.isSuspicious(now)) this.media.pathChanged();
      else if (this.#silence.suspiciousAt > now) this.#watchSilence();
    });
  }

  /** The first word of DTLS, if it is ours, as soon as somebody authentic is there to hear it. */
  #begin(): void {
    if (this.#begins && this.#checked && this.#state === 'connecting') this.#session.begin();
  }

  /** Nothing more is taken from there. */
  #letGo({ address, port, stream }: Remote): void {
    if (stream === undefined) this.#options.mux.removeAddress(address, port, this);
    else stream.close();
  }

  #onDtlsEvent(event: DtlsEvent): void {
    const options = this.#options;
    switch (event.type) {
      case 'dropped':
        options.drops.count('dtls', event.reason);
        return;
      case 'rejected':
        this.#fail(`dtls-${event.reason}`);
        return;
      case 'closed':
        this.#fail('dtls-closed');
        return;
      case 'data.opened':
        options.onDataOpened(event.channel);
        return;
      case 'data.received':
        options.onData(event.channel, event.bytes);
        return;
      case 'connected': {
        this.#state = 'connected';
        this.#dtlsRate = new TokenBucket(DTLS_RATE, options.clock.now());
        options.timers.cancel(this.#dtlsAlarm);
        this.media.setKeys(event.profile, event.local, event.remote);
        options.onConnected(this.#path());
        this.#scheduleReport(options.clock.now());
      }
    }
  }

  /** Consent lapses 30 s after the last authenticated check (RFC 7675 section 5.1). */
  #watchConsent(now: Millis): void {
    if (this.#ice.expired(now)) {
      this.#fail('ice-consent');
      return;
    }
    this.#consentAlarm = this.#options.timers.schedule(this.#ice.lastConsent + CONSENT_MS, (at) =>
      this.#watchConsent(at),
    );
  }

  #scheduleReport(now: Millis): void {
    const { timers, wall } = this.#options;
    this.#reportAlarm = timers.schedule(now + REPORT_EVERY, (at) => {
      this.media.report(at, wall.unixMs());
      this.#judge();
      this.#scheduleReport(at);
    });
  }

  #judge(): void {
    this.#reports = (this.#reports + 1) % REPORTS_A_JUDGEMENT;
    const quality = this.#reports === 0 ? this.media.quality.take() : undefined;
    if (quality !== undefined) this.#options.onQuality(quality);
  }

  #fail(reason: TransportFailure): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#options.onFailed(reason);
  }

  #path(): TransportPath {
    const selected = this.#ice.selected;
    const address = selected?.address ?? '';
    const port = selected?.port ?? 0;
    const protocol = selected?.stream === undefined ? 'udp' : 'tcp';
    const relayed = protocol === 'udp' && this.#options.isRelay(address, port);
    return { protocol, remote: formatHostPort({ address, port }), relayed };
  }

  #send(bytes: Uint8Array): void {
    const to = this.#ice.selected;
    if (to === undefined || this.#state === 'closed') return;
    if (to.stream === undefined) this.#options.mux.send(bytes, to.port, to.address);
    else to.stream.send(bytes);
  }

  #sendReused(bytes: Uint8Array): boolean {
    const to = this.#ice.selected;
    if (to === undefined || this.#state === 'closed') return false;
    const { mux } = this.#options;
    if (to.stream === undefined ? !mux.sendReused(bytes, to.port, to.address) : to.stream.congested) {
      this.#options.drops.count('mux', 'busy');
      return false;
    }
    to.stream?.send(bytes);
    if (this.#ice.remotes.length > 1) this.#sendAside(bytes);
    return true;
  }

  #sealing(sealer: object): SealingWay | undefined {
    const to = this.#ice.selected;
    if (to === undefined || this.#state !== 'connected') return undefined;
    if (to !== this.#wayTo) {
      this.#way?.close();
      this.#way =
        to.stream === undefined ? this.#options.mux.sealing(sealer, to.port, to.address) : undefined;
      this.#wayTo = to;
    }
    // What goes by two ways is sealed before.
    const isAside = this.#ice.remotes.length > 1 && this.#silence.isSuspicious(this.#options.clock.now());
    return isAside ? undefined : this.#way;
  }

  /**
   * While the peer may have lost the path in use, media go besides by the other one that it has proven: it needs seconds to
   * notice and to nominate, and whatever comes twice its replay protection drops.
   */
  #sendAside(bytes: Uint8Array): void {
    const { clock, mux } = this.#options;
    const now = clock.now();
    const spare = this.#silence.isSuspicious(now) ? this.#ice.spare(now) : undefined;
    if (spare === undefined) return;
    this.uneasy = true;
    if (spare.stream === undefined) mux.send(bytes, spare.port, spare.address);
    else if (!spare.stream.congested) spare.stream.send(bytes);
  }
}
