/** What a leg must know of a call's SDP; media/protocol.ts' `LegMedia` has more, for those around the leg. */

/** A codec as the call agreed on it: the part of media/protocol.ts' `Codec` that a leg reads. */
export interface LegCodec {
  readonly mime: string;
  readonly payloadType: number;
  readonly clockRate: number;
  /** The `a=fmtp` parameters as one string; empty when it is not there. */
  readonly fmtp?: string;
}

/** What a phone's SDP and ours agreed on (RFC 3264). */
export interface LegDescription {
  /** Where the phone says it listens; latching may refine the port. */
  readonly remote: { readonly address: string; readonly port: number; readonly rtcpPort: number };
  /** RTCP both ways on RTP's ports (RFC 5761). */
  readonly rtcpMux?: boolean | undefined;
  /** Sources that may be latched on to, as CIDR or plain addresses. */
  readonly allowedSources: readonly string[];
  /** The codec that we send. Any codec in `accept` may come in. */
  readonly codec: LegCodec;
  readonly accept: readonly LegCodec[];
  /** telephone-event payload type that we send / that comes in, or undefined. */
  readonly dtmfOut: number | undefined;
  readonly dtmfIn: number | undefined;
  /** Tones in the phone's voice (ITU-T Q.23) are keys too, and kept out of the room. */
  readonly keyTones?: 'heard' | undefined;
  /** Comfort noise (RFC 3389): payload types that we send in silence, and that may come in; 13 may always come. */
  readonly comfortNoiseOut?: number | undefined;
  readonly comfortNoiseIn?: number | undefined;
  /** `withheld`: nothing is sent yet, whatever the direction, RTCP neither. */
  readonly sending?: 'withheld' | undefined;
  /** Packet time that we send, ms. */
  readonly ptimeMs: number;
  /** After so long without RTP, comfort noise and RTCP the phone counts as silent, ms; 0: never. Absent: as the leg was made. */
  readonly mediaTimeoutMs?: number | undefined;
  /** Our side's direction: `sendrecv` in a call, `recvonly` or `inactive` while the phone holds. */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}
