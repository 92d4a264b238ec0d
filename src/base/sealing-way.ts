/**
 * A way to one peer on which packets are sealed as they leave: whoever makes them writes each into the socket's own memory, and all
 * that a wake-up has made for all peers is sealed and sent by one call. Numbers and indices stay the maker's.
 */
export interface SealingWay {
  /**
   * Room for one packet in plain, and for its seal; undefined where it cannot go this way now. It is the caller's until it asks again
   * or sends anything else: {@link SealingWay.commit} sends what stands in there by then.
   */
  lend(): Uint8Array | undefined;
  /**
   * The RTP packet that was written at the beginning of what was lent, `length` bytes, its header `headerEnd` of them, is sealed with
   * `index` (RFC 3711 section 3.3.1, 48 bits, which must be used once) and leaves when the callback at hand is over. False: nothing
   * was lent, or something was sent since; nothing is sent, and the index is lost.
   */
  commit(headerEnd: number, length: number, index: number): boolean;
  /**
   * Where packets leave until `moved`, of which there is one, is called: it is to be used by a `FanOut` at once. Undefined, or no such
   * method: that may change without a word.
   */
  steady?(moved: () => void): SealingWay | undefined;
  /** No more packets, and the keys are let go. */
  close(): void;
}
