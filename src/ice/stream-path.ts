/** A connection that a browser opened to our ICE-TCP port, as a way for packets (RFC 6544). */
export interface StreamPath {
  /** So much waits to be taken that media is better dropped than delayed. */
  readonly congested: boolean;
  /** Sends one packet; the bytes are the caller's again afterwards. Swallowed when the connection has ended. */
  send(packet: Uint8Array): void;
  close(): void;
}
