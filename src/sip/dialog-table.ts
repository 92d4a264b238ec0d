import type { DialogEntry, DialogRegistry } from './core.ts';
import type { SipRequest } from './message.ts';

/** The dialogs that live, early ones too, by Call-ID and both tags (RFC 3261 section 12). */
export class DialogTable<E extends DialogEntry> implements DialogRegistry {
  readonly #byId = new Map<string, E>();

  get size(): number {
    return this.#byId.size;
  }

  add(session: E): void {
    const { callId, localTag, remoteTag } = session.dialog;
    this.#byId.set(id(callId, localTag, remoteTag), session);
  }

  remove(session: E): void {
    const { callId, localTag, remoteTag } = session.dialog;
    this.#byId.delete(id(callId, localTag, remoteTag));
  }

  /** The dialog that a request of the far end belongs to. */
  find(request: SipRequest): E | undefined {
    const localTag = request.to.params.get('tag') ?? '';
    return this.#byId.get(id(request.callId, localTag, request.from.params.get('tag') ?? ''));
  }

  all(): E[] {
    return [...this.#byId.values()];
  }
}

function id(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`;
}
