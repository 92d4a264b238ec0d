import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import type { RTCDataChannel, RTCDtlsTransport } from 'werift';
import { RTCSctpTransport } from 'werift';
import type { DtlsEvent } from '../../media/dtls-port.ts';
import type { DataChannelLabel } from '../../media/protocol.ts';
import type { ApplicationLayer } from './session.ts';

/** The port that everybody's `a=sctp-port` says. */
const SCTP_PORT = 5000;
const MAX_MESSAGE = 65_536;
/** Bytes that may wait for a slow peer on one channel; what comes then is dropped. */
const MAX_BUFFERED = 4 * 1024 * 1024;
/** Channels that a peer may open: LiveKit has two, and opens each once per association. */
const MAX_CHANNELS = 8;

/** The facade of RTCDtlsTransport that werift's SCTP looks at. */
interface DtlsFacade {
  readonly id: string;
  readonly iceTransport: { readonly role: 'controlled' };
  dataReceiver: (bytes: NodeBuffer) => void;
  readonly onStateChange: { subscribe(): { unSubscribe(): void } };
  readonly state: 'connected';
  sendData(bytes: NodeBuffer): Promise<void>;
}

/** Runs LiveKit's data channels over an association: SCTP (RFC 8831) by werift. The browser opens them. */
export function startDataChannels(
  sendRecord: (bytes: Uint8Array) => void,
  onEvent: (event: DtlsEvent) => void,
): ApplicationLayer {
  const channels = new Map<DataChannelLabel, RTCDataChannel>();
  let opened = 0;
  const facade: DtlsFacade = {
    id: 'dtls',
    iceTransport: { role: 'controlled' },
    dataReceiver: () => {},
    onStateChange: { subscribe: () => ({ unSubscribe: () => {} }) },
    state: 'connected',
    sendData: (bytes) => {
      sendRecord(bytes);
      return Promise.resolve();
    },
  };
  const sctp = new RTCSctpTransport(SCTP_PORT, MAX_MESSAGE);
  sctp.setDtlsTransport(facade as unknown as RTCDtlsTransport);
  sctp.setRemoteMaxMessageSize(MAX_MESSAGE);
  sctp.onDataChannel.subscribe((channel) => {
    const label = channel.label;
    if (++opened > MAX_CHANNELS || (label !== '_reliable' && label !== '_lossy')) {
      onEvent({ type: 'dropped', reason: 'data' });
      return;
    }
    channels.set(label, channel);
    channel.onMessage.subscribe((message) => {
      onEvent({
        type: 'data.received',
        channel: label,
        bytes: typeof message === 'string' ? Buffer.from(message) : message,
      });
    });
    onEvent({ type: 'data.opened', channel: label });
  });
  const dropped = (): void => onEvent({ type: 'dropped', reason: 'data' });
  sctp.start(SCTP_PORT).catch(dropped);
  return {
    receive(bytes) {
      try {
        facade.dataReceiver(bytes);
      } catch {
        // werift throws on SCTP packets that it cannot read.
        dropped();
      }
    },
    send(label, bytes) {
      const channel = channels.get(label);
      if (channel?.readyState !== 'open' || bytes.length > MAX_MESSAGE) return false;
      if (channel.bufferedAmount > MAX_BUFFERED) return false;
      channel.send(Buffer.from(bytes));
      return true;
    },
    close() {
      sctp.stop().catch(dropped);
    },
  };
}
