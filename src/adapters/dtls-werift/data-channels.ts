import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import type { RTCDtlsTransport } from 'werift';
import { RTCDataChannel, RTCDataChannelParameters, RTCSctpTransport } from 'werift';
import type { Clock } from '../../base/clock.ts';
import type { Timers } from '../../base/wake-queue.ts';
import type { ApplicationLayer, DtlsEvent, StartApplication } from '../../media/dtls-port.ts';
import type { DataChannelLabel } from '../../media/protocol.ts';
import type { DataSender } from '../../sctp/data-sender.ts';
import { replaceReceiver } from './data-receiving.ts';
import { replaceSender } from './data-sending.ts';
import { isSoundSctp } from './sctp-guard.ts';

/** The port that everybody's `a=sctp-port` says. */
const SCTP_PORT = 5000;
const MAX_MESSAGE = 65_536;
/** Messages kept while a channel of ours is being opened. */
const MAX_PENDING = 64;
/** Channels that a peer may open: LiveKit has two, and opens each once per association. */
const MAX_CHANNELS = 8;
/** Chunks of unfinished messages, and stretches out of order, that may be held for a peer. */
const MAX_HELD = 4096;
/** Ids of channels that we open: odd, for we are the DTLS server (RFC 8832 section 6). */
const OWN_IDS = { _reliable: 1, _lossy: 3 } as const;

/** What of werift's SCTP is used here although its types hide it. */
interface SctpInside {
  handleData(packet: NodeBuffer): Promise<void>;
  readonly advertisedRwnd: number;
}
interface SctpTransportInside {
  datachannelReceive: (stream: number, protocol: number, data: NodeBuffer) => Promise<void>;
}

/** Runs LiveKit's data channels over associations: SCTP (RFC 8831) by werift, with its inputs checked and a sender of our own. */
export function dataChannels(time: { readonly clock: Clock; readonly timers: Timers }): StartApplication {
  return (sendRecord, onEvent) => new DataChannels(time, sendRecord, onEvent);
}

class DataChannels implements ApplicationLayer {
  readonly #onEvent: (event: DtlsEvent) => void;
  readonly #transport = new RTCSctpTransport(SCTP_PORT, MAX_MESSAGE);
  readonly #inside: SctpInside;
  readonly #sender: DataSender;
  readonly #held: () => number;
  readonly #channels = new Map<DataChannelLabel, RTCDataChannel>();
  readonly #pending = new Map<DataChannelLabel, NodeBuffer[]>();
  #openedByPeer = 0;
  #stopped = false;

  constructor(
    time: { readonly clock: Clock; readonly timers: Timers },
    sendRecord: (bytes: Uint8Array) => void,
    onEvent: (event: DtlsEvent) => void,
  ) {
    this.#onEvent = onEvent;
    const transport = this.#transport;
    // werift leaves the rejections of these two alone, which would end the process.
    const hidden = transport as unknown as SctpTransportInside;
    const receive = hidden.datachannelReceive;
    hidden.datachannelReceive = (...message) => receive(...message).catch(() => this.#drop());
    transport.setDtlsTransport({
      id: 'dtls',
      iceTransport: { role: 'controlled' },
      dataReceiver: () => {},
      onStateChange: { subscribe: () => ({ unSubscribe: () => {} }) },
      state: 'connected',
      sendData: (bytes: NodeBuffer) => {
        sendRecord(bytes);
        return Promise.resolve();
      },
    } as unknown as RTCDtlsTransport);
    this.#inside = transport.sctp as unknown as SctpInside;
    this.#sender = replaceSender(transport, time, () => this.#drop());
    this.#held = replaceReceiver(transport, () => this.#drop());
    transport.setRemoteMaxMessageSize(MAX_MESSAGE);
    transport.onDataChannel.subscribe((channel) => this.#onPeersChannel(channel));
    transport.start(SCTP_PORT).catch(() => this.#drop());
  }

  receive(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!isSoundSctp(packet)) {
      this.#drop();
      return;
    }
    this.#inside.handleData(packet).catch(() => this.#drop());
    if (this.#holdsTooMuch()) {
      this.#drop();
      this.close();
    }
  }

  /** Sends over the browser's channel of that name, or opens one. */
  send(label: DataChannelLabel, bytes: Uint8Array): boolean {
    if (this.#stopped || bytes.length > MAX_MESSAGE) return false;
    const channel = this.#channels.get(label) ?? this.#open(label);
    if (!this.#sender.hasRoom(channel.maxRetransmits === null ? 'reliable' : 'lossy', bytes.length))
      return false;
    if (channel.readyState === 'open') {
      channel.send(Buffer.from(bytes));
      return true;
    }
    const pending = this.#pending.get(label);
    if (channel.readyState !== 'connecting' || pending === undefined || pending.length >= MAX_PENDING)
      return false;
    pending.push(Buffer.from(bytes));
    return true;
  }

  close(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pending.clear();
    this.#sender.close();
    this.#transport.stop().catch(() => this.#drop());
  }

  #open(label: DataChannelLabel): RTCDataChannel {
    const parameters = new RTCDataChannelParameters({ label, id: OWN_IDS[label] });
    if (label === '_lossy') {
      parameters.maxRetransmits = 0;
      parameters.ordered = false;
    }
    this.#pending.set(label, []);
    const channel = new RTCDataChannel(this.#transport, parameters);
    this.#use(label, channel);
    channel.stateChanged.subscribe((state) => {
      if (state !== 'open') return;
      for (const bytes of this.#pending.get(label) ?? []) channel.send(bytes);
      this.#pending.delete(label);
    });
    return channel;
  }

  #onPeersChannel(channel: RTCDataChannel): void {
    const label = channel.label;
    const allowed = ++this.#openedByPeer <= MAX_CHANNELS;
    // Every livekit-client opens it; nothing is said on it until somebody publishes a data track, which we do not offer.
    if (allowed && label === '_data_track') return;
    if (!allowed || (label !== '_reliable' && label !== '_lossy')) {
      this.#drop();
      return;
    }
    this.#use(label, channel);
    this.#onEvent({ type: 'data.opened', channel: label });
  }

  #use(label: DataChannelLabel, channel: RTCDataChannel): void {
    this.#channels.set(label, channel);
    channel.onMessage.subscribe((message) => {
      const bytes = typeof message === 'string' ? Buffer.from(message) : message;
      this.#onEvent({ type: 'data.received', channel: label, bytes });
    });
    channel.stateChanged.subscribe((state) => {
      if (state === 'closed' && this.#channels.get(label) === channel) this.#channels.delete(label);
    });
  }

  /** The peer sends beyond the window that it was given, or without ever finishing. */
  #holdsTooMuch(): boolean {
    return this.#inside.advertisedRwnd < 0 || this.#held() > MAX_HELD;
  }

  #drop(): void {
    this.#onEvent({ type: 'dropped', reason: 'data' });
  }
}
