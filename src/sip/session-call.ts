import type { DialogSession } from './dialog-session.ts';
import type {
  DialogNames,
  ExtraHeaders,
  InDialogOptions,
  OnFinal,
  ReofferHandler,
  ReofferMethod,
  SipCall,
} from './ports.ts';

/** A session as the application sees it. A class: a literal with a getter would have a shape of its own for each call. */
export class SessionCall implements SipCall {
  readonly callId: string;
  readonly #session: DialogSession;

  constructor(session: DialogSession) {
    this.callId = session.dialog.callId;
    this.#session = session;
  }

  get dialog(): DialogNames | undefined {
    return this.#session.names;
  }

  allows(method: string): boolean | undefined {
    return this.#session.dialog.allowed?.includes(method);
  }

  bye(headers?: ExtraHeaders): void {
    this.#session.bye(headers);
  }

  request(
    method: string,
    contentType: string,
    body: Uint8Array,
    onFinal: OnFinal,
    options?: InDialogOptions,
  ): void {
    this.#session.request(method, contentType, body, onFinal, options);
  }

  reoffer(handler: ReofferHandler, method?: ReofferMethod): void {
    this.#session.reoffer(handler, method);
  }
}
