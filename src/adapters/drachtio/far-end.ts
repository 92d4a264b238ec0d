/** What a dialog's messages tell of it and of its far end. The server keeps its own book; this one is for the application. */
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { parseAddress } from '../../sip/name-addr.ts';
import type { DialogNames } from '../../sip/ports.ts';

/** There are a dozen methods. */
const MAX_METHODS = 32;

export class FarEnd {
  #names: DialogNames | undefined;
  #target: string | undefined;
  #allowed: readonly string[] | undefined;

  /** How others may refer to the dialog; undefined before it has both tags. */
  get names(): DialogNames | undefined {
    return this.#names === undefined ? undefined : { ...this.#names, target: this.target ?? '' };
  }

  /** Its Contact URI. */
  get target(): string | undefined {
    return this.#target;
  }

  allows(method: string): boolean | undefined {
    return this.#allowed?.includes(method);
  }

  /** A message of the far end's: an INVITE, an UPDATE, a 2xx to ours. */
  heard({ headers }: SipRequest | SipResponse): void {
    const allow = headers.all('allow');
    if (allow.length > 0) this.#allowed = allow.slice(0, MAX_METHODS);
    const contact = headers.all('contact')[0];
    const address = contact === undefined ? undefined : parseAddress(contact);
    if (address?.uri !== undefined) this.#target = address.text;
  }

  /** The response that made the dialog, `ours` or theirs. */
  made(response: SipResponse, by: 'us' | 'them'): void {
    const { callId, from, to } = response;
    const [local, remote] = by === 'us' ? [to, from] : [from, to];
    this.#names = {
      callId,
      localTag: local.params.get('tag') ?? '',
      remoteTag: remote.params.get('tag') ?? '',
      target: '',
      localUri: local.text,
      remoteUri: remote.text,
    };
  }
}
