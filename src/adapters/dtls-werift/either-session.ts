import type { DtlsEvent, DtlsSession } from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { WeriftClientSession } from './client-session.ts';
import type { SessionOptions } from './either-role.ts';
import { WeriftServerSession } from './server-session.ts';

/** A session that is werift's server until it is told to begin: then its client, which nothing was said to yet. */
export class WeriftSession implements DtlsSession {
  readonly #options: SessionOptions;
  #end: WeriftServerSession | WeriftClientSession;
  #fingerprints: readonly Fingerprint[] = [];
  /** Its role is not to be changed any more. */
  #isSettled = false;

  constructor(options: SessionOptions) {
    const onEvent = (event: DtlsEvent) => {
      if (event.type !== 'dropped') this.#isSettled = true;
      options.onEvent(event);
    };
    this.#options = { ...options, onEvent };
    this.#end = new WeriftServerSession(this.#options);
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    this.#fingerprints = fingerprints;
    this.#end.expect(fingerprints);
  }

  begin(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#end.close();
    this.#end = new WeriftClientSession(this.#options);
    this.#end.expect(this.#fingerprints);
  }

  receive(bytes: Uint8Array): void {
    this.#end.receive(bytes);
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#end.sendData(channel, bytes);
  }

  close(): void {
    this.#isSettled = true;
    this.#end.close();
  }
}
