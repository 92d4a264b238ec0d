/** What a leg must know of a call's SDP: the parts of media/protocol.ts' `LegMedia` that it reads. */

/** A codec as the call agreed on it: the part of media/protocol.ts' `Codec` that a leg reads. */
export interface LegCodec {
  readonly mime: string;
  readonly payloadType: number;
  readonly clockRate: number;
}

/** What SDP agreed on: media/protocol.ts' `LegMedia` fits it. */
export interface LegDescription {
  readonly remote: { readonly address: string; readonly port: number; readonly rtcpPort: number };
  readonly allowedSources: readonly string[];
  readonly codec: LegCodec;
  readonly accept: readonly LegCodec[];
  readonly dtmfOut: number | undefined;
  readonly dtmfIn: number | undefined;
  readonly ptimeMs: number;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}
