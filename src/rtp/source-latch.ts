/**
 * Which source's RTP is let in, and where ours goes: restricted latching (RFC 7362 section 4, draft-ietf-mmusic-latching).
 * The address in the SDP is believed first. A phone behind a NAT sends from elsewhere: such a source is learned once,
 * if the trunk's list allows its address, and again only after a re-INVITE. RTCP never moves anything.
 */
import type { Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import { type AddressRange, inRange, parseAddress, parseRange } from './address-range.ts';

/** Whether a datagram is let in: `ok`, or why not. */
export type LatchVerdict = 'ok' | 'source-not-allowed' | 'source-not-latched';

/** After a re-INVITE to elsewhere, packets of the old source still under way must not be learned for so long. */
const STALE_MS = 1000;
/** So long after a refresh may another source take the place of the one that we had. */
const RELEARN_MS = 5000;

/** One leg's latch. Without a call of {@link expect} it lets nothing in. */
export class SourceLatch {
  #sdp: HostPort | undefined;
  #ranges: readonly AddressRange[] = [];
  /** Learned from the SDP's own address and port: final. Learned otherwise: the SDP's source may still take over, once. */
  #state: 'open' | 'learned' | 'final' = 'open';
  #source: HostPort | undefined;
  #stale: HostPort | undefined;
  #staleUntil: Millis = 0;
  #relearnUntil: Millis = 0;

  /**
   * A description arrived: `remote` is where it says RTP is wanted, `allowed` are CIDR ranges or addresses. The same
   * description again (a session refresh) changes nothing of where ours goes, but a new port may be learned once more.
   */
  expect(remote: HostPort, allowed: readonly string[], now: Millis): void {
    const moved =
      this.#sdp !== undefined && (this.#sdp.address !== remote.address || this.#sdp.port !== remote.port);
    if (moved && this.#source !== undefined) {
      this.#stale = this.#source;
      this.#staleUntil = now + STALE_MS;
      this.#source = undefined;
    }
    this.#sdp = { address: remote.address, port: remote.port };
    this.#ranges = [remote.address, ...allowed].flatMap((text) => parseRange(text) ?? []);
    this.#state = 'open';
    this.#relearnUntil = now + RELEARN_MS;
  }

  /** Where RTP is to be sent: the learned source, or what the SDP said; undefined before any SDP. */
  get destination(): HostPort | undefined {
    return this.#source ?? this.#sdp;
  }

  /** The source that was learned, while none other will be. */
  get settled(): HostPort | undefined {
    return this.#state === 'open' ? undefined : this.#source;
  }

  /** Judges a source of RTP, and learns it when it may. */
  admit(address: string, port: number, now: Millis): LatchVerdict {
    const source = this.#source;
    const known = source !== undefined && source.port === port && source.address === address;
    if (known && this.#state !== 'open') return 'ok';
    const sdp = this.#sdp;
    if (sdp === undefined) return 'source-not-allowed';
    if (sdp.port === port && sameAddress(sdp.address, address)) {
      if (this.#state === 'final') return 'source-not-latched';
      return this.#learn(address, port, 'final');
    }
    if (this.#state !== 'open') return 'source-not-latched';
    const bytes = parseAddress(address);
    if (bytes === undefined || !this.#ranges.some((range) => inRange(bytes, range)))
      return 'source-not-allowed';
    // After a refresh the source that we had goes on, until another one shows up in time.
    if (known) {
      if (now >= this.#relearnUntil) this.#state = 'learned';
      return 'ok';
    }
    if (source !== undefined && now >= this.#relearnUntil) return 'source-not-latched';
    const stale = this.#stale;
    if (stale !== undefined && now < this.#staleUntil && stale.port === port && stale.address === address) {
      return 'source-not-latched';
    }
    return this.#learn(address, port, 'learned');
  }

  /** Judges a source of RTCP: the address that RTP comes from or is described at, from any port; nothing is learned. */
  admitRtcp(address: string): LatchVerdict {
    if (this.#source?.address === address) return 'ok';
    return this.#sdp !== undefined && sameAddress(this.#sdp.address, address) ? 'ok' : 'source-not-allowed';
  }

  #learn(address: string, port: number, state: 'learned' | 'final'): LatchVerdict {
    this.#source = { address, port };
    this.#state = state;
    return 'ok';
  }
}

function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const one = parseAddress(a);
  const other = parseAddress(b);
  return one !== undefined && other !== undefined && inRange(one, { network: other, bits: other.length * 8 });
}
