import type { RtpView } from '../rtp/packet.ts';
import type { Codec } from './protocol.ts';
import type { Receiver } from './receivers.ts';

/**
 * Makes of a retransmission (RFC 4588 section 4) the view on the packet that it repeats. `padding`: it repeats none;
 * `unknown`: the stream that it repairs is not known (yet).
 */
export function restore(view: RtpView, receiver: Receiver, codec: Codec): 'restored' | 'padding' | 'unknown' {
  if (view.payloadEnd - view.payloadStart < 2) return 'padding';
  const source = receiver.repairedSource(view);
  if (source === undefined) return 'unknown';
  view.ssrc = source;
  view.sequence = (view.bytes[view.payloadStart]! << 8) | view.bytes[view.payloadStart + 1]!;
  view.payloadStart += 2;
  view.payloadType = codec.payloadType;
  return 'restored';
}
