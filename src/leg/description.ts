/** What a leg must know of a call's SDP: the parts of media/protocol.ts' `LegMedia` that it reads. */

/** A codec as the call agreed on it: the part of media/protocol.ts' `Codec` that a leg reads. */
export interface LegCodec {
  readonly mime: string;
  readonly payloadType: number;
  readonly clockRate: number;
  /** The `a=fmtp` parameters as one string; empty when it is not there. */
  readonly fmtp?: string;
}

/** What SDP agreed on: media/protocol.ts' `LegMedia` fits it. */
export interface LegDescription {
  readonly remote: { readonly address: string; readonly port: number; readonly rtcpPort: number };
  /** RTCP both ways on RTP's ports (RFC 5761). */
  readonly rtcpMux?: boolean | undefined;
  readonly allowedSources: readonly string[];
  readonly codec: LegCodec;
  readonly accept: readonly LegCodec[];
  readonly dtmfOut: number | undefined;
  readonly dtmfIn: number | undefined;
  /** Tones in the phone's voice are keys too. */
  readonly keyTones?: 'heard' | undefined;
  /** Comfort noise (RFC 3389): payload types that we send and that may come in; 13 may always come. */
  readonly comfortNoiseOut?: number | undefined;
  readonly comfortNoiseIn?: number | undefined;
  /** `withheld`: nothing is sent yet, RTCP neither. */
  readonly sending?: 'withheld' | undefined;
  readonly ptimeMs: number;
  /** After so long without RTP, comfort noise and RTCP the phone counts as silent; 0: never. Absent: as the leg was made. */
  readonly mediaTimeoutMs?: number | undefined;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}
