import type { SrtpMaster, SrtpProfile } from '../rtp/srtp/key-derivation.ts';
import type { DataChannelLabel, Fingerprint } from './protocol.ts';

/** Why an association will never be. */
export type DtlsRejection =
  /** The peer's certificate is none of those that its description names. */
  | 'fingerprint'
  /** The peer sent no certificate, or none that can be read. */
  | 'no-certificate'
  /** The peer has the certificate, but not its key: RFC 5246 section 7.4.8, of a server section 7.4.3. */
  | 'certificate-verify'
  /** The two ends saw different handshakes: RFC 5246 section 7.4.9. */
  | 'finished'
  /** No SRTP profile in common (RFC 5764 section 4.1.1). */
  | 'no-srtp-profile'
  /** The handshake broke off. */
  | 'handshake';

/** Why a datagram or a record of it was dropped. */
export type DtlsDrop =
  | 'malformed'
  | 'closed'
  | 'held-too-many'
  | 'alert-in-clear'
  | 'epoch-0'
  | 'unexpected-record'
  | 'unexpected-message'
  | 'fragment'
  | 'unauthentic-alert'
  | 'replayed'
  | 'handshake-error'
  | 'data';

/** What a {@link DtlsSession} tells. `connected` comes at most once, and only after the peer proved who it is. */
export type DtlsEvent =
  | {
      readonly type: 'connected';
      readonly profile: SrtpProfile;
      /** Keys of what we send, and of what the peer sends. */
      readonly local: SrtpMaster;
      readonly remote: SrtpMaster;
    }
  | { readonly type: 'rejected'; readonly reason: DtlsRejection }
  /** The peer said close_notify or a fatal alert. */
  | { readonly type: 'closed' }
  | { readonly type: 'dropped'; readonly reason: DtlsDrop }
  | { readonly type: 'data.opened'; readonly channel: DataChannelLabel }
  | { readonly type: 'data.received'; readonly channel: DataChannelLabel; readonly bytes: Uint8Array };

/** One DTLS association, in which we are the server, `a=setup:passive`, unless told to `begin` (RFC 5763 section 5). */
export interface DtlsSession {
  /** The certificates that the peer may have. Datagrams that came before are held, and replayed now. Again after an ICE restart. */
  expect(fingerprints: readonly Fingerprint[]): void;
  /**
   * Makes us the client, for a peer that is `a=setup:passive` itself: ClientHello goes out once the peer's certificates are known, and
   * again until it is answered. Later calls change nothing.
   */
  begin(): void;
  /** A datagram of the peer. Its bytes are copied if they are kept. Never throws. */
  receive(bytes: Uint8Array): void;
  /** Sends a message over a data channel; false when that is not open. */
  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean;
  /** Says close_notify if connected. Nothing is sent or told any more. */
  close(): void;
}

/** What runs over an association's application data once it is connected: SCTP, with data channels on it (RFC 8831). */
export interface ApplicationLayer {
  /** A record's contents; they are the layer's own from now on. */
  receive(bytes: Uint8Array): void;
  /** Sends a message over a data channel; false when that is not open. */
  send(channel: DataChannelLabel, bytes: Uint8Array): boolean;
  close(): void;
}

/** Starts an application layer; `sendRecord` protects and sends one message. */
export type StartApplication = (
  sendRecord: (bytes: Uint8Array) => void,
  onEvent: (event: DtlsEvent) => void,
) => ApplicationLayer;

/** How a session reaches what is around it. */
export interface DtlsSessionEnds {
  readonly send: (datagram: Uint8Array) => void;
  readonly onEvent: (event: DtlsEvent) => void;
}

/** Makes sessions that share one certificate: `adapters/dtls-werift`, or `adapters/native` on Node's own OpenSSL. */
export interface DtlsEngine {
  /** Who it is. */
  readonly by: 'openssl' | 'werift';
  /** Of the certificate, for our descriptions: `sha-256`. */
  readonly fingerprint: Fingerprint;
  open(ends: DtlsSessionEnds): DtlsSession;
}
