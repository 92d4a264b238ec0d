import { getSystemErrorName } from 'node:util';
import type { FanOut } from '../../base/fan-out.ts';
import type { DatagramSocket, HostPort } from '../../base/net.ts';
import type { QuietLane } from '../../base/quiet-lane.ts';
import type { SealingWay } from '../../base/sealing-way.ts';
import type { Addon, UdpPoll } from './addon.ts';
import { AddressTexts } from './address-words.ts';
import { NativeFan } from './native-fan.ts';
import { NativeLanes } from './native-lane.ts';
import { NativeOutbox, OUT_WORDS } from './native-outbox.ts';

/** As in `addon/poll.h`: words that describe a slot of the inbox. */
const WORDS = 8;
/** As in `addon/poll.h`: above the port, a datagram that leaves in one piece or not at all. */
const WHOLE = 1 << 16;

/** A socket could not be bound; `code` is the system's, such as EADDRINUSE. */
export interface BindFailure {
  readonly code: string;
}

/** Whether it is told when datagrams came: those of one phone, or of many who speak to one socket, which is asked for many at once. */
export type Told = 'untimed' | 'timed' | 'timed-crowd';

/** How the memory for datagrams is cut. */
export interface Slots {
  /** Bytes of the longest datagram that is taken whole, or sent; at most 65,536. */
  readonly bytes: number;
  /** Datagrams that one wake-up hands over, and that one call sends. */
  readonly count: number;
}

/** For RTP and browsers, whose packets stay below any network's MTU. */
export const PACKET_SLOTS: Slots = { bytes: 2048, count: 512 };
/** For whatever UDP can carry, such as SIP. */
export const DATAGRAM_SLOTS: Slots = { bytes: 65_536, count: 64 };

/** Who hears of what a thread's sockets could not do. */
export interface NativeUdpListener {
  /** So many datagrams were not taken by the kernel. */
  unsent(count: number): void;
  /** The kernel watches no more sockets than it does: a lane cannot rest, or one that woke is read once a tick. */
  unwatched(): void;
  /** Of an error thrown by a socket's receiver: it costs that datagram, not those behind it. */
  fault(error: unknown): void;
}

/** Full inboxes that one {@link NativeUdp.collect} takes: what a flood leaves lies there until the next. */
const MOST_COLLECTED = 8;

/**
 * All UDP sockets of a thread on one handle of its event loop (`addon/udp.cc`). What is received is lent for the call of
 * `onDatagram`; what is sent is copied at once and leaves when the callback at hand is over, or when the outbox is full.
 */
export class NativeUdp {
  readonly #poll: UdpPoll;
  readonly #slots: Slots;
  readonly #inbox: Uint8Array;
  readonly #inWords: Int32Array;
  readonly #outbox: NativeOutbox;
  readonly #sockets: (NativeSocket | undefined)[] = [];
  readonly #texts = new AddressTexts();
  /** A view of each slot, kept while datagrams in it have the same length: phones' packets all do. */
  readonly #views: Uint8Array[] = [];
  readonly #onFault: (error: unknown) => void;
  readonly #lanes: NativeLanes;
  /** How long ago each datagram in the inbox came, ms; 0: not known, or just now. */
  readonly #ages: Float64Array;
  /** Of sockets that were closed while a batch is handed over: their numbers may be others' by now, and what is in it is not theirs. */
  readonly #gone = new Set<number>();
  #isTaking = false;
  #toldUnmarked = false;

  constructor(addon: Addon, listener: NativeUdpListener, slots: Slots) {
    const { bytes, count } = slots;
    this.#slots = slots;
    this.#onFault = (error) => listener.fault(error);
    this.#inbox = new Uint8Array(count * bytes);
    this.#inWords = new Int32Array(count * WORDS);
    const out = {
      bytes: new Uint8Array(count * bytes),
      words: new Int32Array(count * OUT_WORDS),
      slot: bytes,
      count,
    };
    for (let slot = 0; slot < count; slot++)
      this.#views.push(this.#inbox.subarray(slot * bytes, slot * bytes));
    const { UdpPoll } = addon;
    const took = (taken: number) => this.#take(taken, performance.now());
    this.#poll = new UdpPoll(this.#inbox, this.#inWords, out.bytes, out.words, took, bytes);
    this.#outbox = new NativeOutbox(this.#poll, out, listener);
    this.#ages = new Float64Array(count);
    this.#lanes = new NativeLanes(this.#poll, this.#ages, performance, listener);
  }

  /**
   * Binds one socket; port 0 lets the kernel choose. What it sends bears the code point `dscp` (RFC 2474). `told`:
   * whether its receiver hears when each datagram came, which may be a while ago when the thread was busy.
   */
  open(local: HostPort, dscp = 0, told: Told = 'untimed'): DatagramSocket | BindFailure {
    const id = this.#poll.open(local.address, local.port);
    if (id < 0) return { code: getSystemErrorName(id) };
    if (dscp > 0 && this.#poll.mark(id, dscp) === 0) this.#unmarked(dscp);
    if (told !== 'untimed') this.#poll.timed(id, told === 'timed' ? 1 : 2);
    const bound = { address: local.address, port: this.#poll.port(id) };
    const socket = new NativeSocket(id, bound, {
      udp: this,
      outbox: this.#outbox,
      lane: this.#lanes.lane(id),
    });
    this.#sockets[id] = socket;
    return socket;
  }

  /**
   * Reads the sockets whose lanes rest: what they do not keep back goes to its receiver, with the time at which it came.
   * To be called once a tick, before what the tick needs is asked for.
   */
  collect(): void {
    for (let i = 0; i < MOST_COLLECTED; i++) {
      const count = this.#poll.collect();
      this.#take(count, performance.now());
      if (count < this.#slots.count) return;
    }
  }

  /** Whether the kernel lets its sockets send datagrams in one piece or not at all. */
  sendsWhole(): boolean {
    const id = this.#poll.open('0.0.0.0', 0);
    if (id < 0) return false;
    const sends = this.#poll.whole(id) === 1;
    this.#poll.close(id);
    return sends;
  }

  close(id: number): void {
    // Last words, such as RTCP's BYE, still go out.
    this.#outbox.flush();
    this.#sockets[id] = undefined;
    if (this.#isTaking) this.#gone.add(id);
    this.#poll.close(id);
  }

  /** Told once: the next call's sockets would fare no better. */
  #unmarked(dscp: number): void {
    if (this.#toldUnmarked) return;
    this.#toldUnmarked = true;
    this.#onFault(new Error(`the system does not let packets bear DSCP ${dscp}`));
  }

  /** At `now`: the datagrams came when their ages say. */
  #take(count: number, now: number): void {
    const words = this.#inWords;
    this.#isTaking = true;
    for (let slot = 0; slot < count; slot++) {
      const at = slot * WORDS;
      const socket = this.#sockets[words[at]!];
      if (socket === undefined || (this.#gone.size > 0 && this.#gone.has(words[at]!))) continue;
      const length = words[at + 1]!;
      let view = this.#views[slot]!;
      if (view.length !== length) {
        const from = slot * this.#slots.bytes;
        view = this.#inbox.subarray(from, from + length);
        this.#views[slot] = view;
      }
      try {
        const age = this.#ages[slot]!;
        const cameAt = age === 0 ? undefined : now - age;
        socket.onDatagram(view, this.#texts.of(words, at), words[at + 3]!, cameAt);
      } catch (error) {
        this.#onFault(error);
      }
    }
    this.#isTaking = false;
    if (this.#gone.size > 0) this.#gone.clear();
  }
}

class NativeSocket implements DatagramSocket {
  readonly local: HostPort;
  onDatagram: DatagramSocket['onDatagram'] = () => {};
  /** What is sent is copied at once: nothing of the caller's is ever waited for. */
  readonly queued = 0;
  readonly lane: QuietLane;
  readonly #id: number;
  readonly #udp: NativeUdp;
  readonly #outbox: NativeOutbox;
  #closed = false;

  constructor(
    id: number,
    local: HostPort,
    { lane, outbox, udp }: { udp: NativeUdp; outbox: NativeOutbox; lane: QuietLane },
  ) {
    this.lane = lane;
    this.#outbox = outbox;
    this.#id = id;
    this.local = local;
    this.#udp = udp;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    if (!this.#closed) this.#outbox.send(this.#id, bytes, port, address, 0);
  }

  sendWhole(bytes: Uint8Array, port: number, address: string): void {
    if (!this.#closed) this.#outbox.send(this.#id, bytes, port, address, WHOLE);
  }

  sealing(sealer: object, port: number, address: string): SealingWay | undefined {
    return this.#closed ? undefined : this.#outbox.sealing(this.#id, sealer, port, address);
  }

  fanOut(): FanOut {
    return new NativeFan(this.#outbox);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onDatagram = () => {};
    this.#udp.close(this.#id);
  }
}
