/** Requests of ours in a dialog that are no offers (RFC 3261 section 12.2.1): BYE, PRACK, INFO and their like. */
import { Challenges } from './challenges.ts';
import type { SipCore } from './core.ts';
import { buildInDialog, type Dialog, flowFor, ownContact, provable } from './dialog.ts';
import type { Headers } from './headers.ts';
import { newBranch } from './ids.ts';
import type { ExtraHeaders } from './ports.ts';

export interface InDialogParts {
  readonly headers?: ExtraHeaders | undefined;
  readonly contentType?: string;
  readonly body?: Uint8Array;
  /** Hears the CSeq number of each sending. */
  readonly sent?: ((cseq: number) => void) | undefined;
}

/** Requests that say where those go that they lead to (RFC 3515 table 1, RFC 6665 section 8.1). */
const WITH_CONTACT = new Set(['REFER', 'NOTIFY']);

/**
 * Sends it, and again with credentials where they are asked for. `onFinal` is called once: 408 for a time-out, 503 for a failed
 * transport (section 8.1.3.1).
 */
export function sendInDialog(
  core: SipCore,
  dialog: Dialog,
  method: string,
  parts: InDialogParts,
  onFinal: (status: number, received?: Headers) => void,
): void {
  const challenges = new Challenges(dialog.proof);
  const attempt = (answer: ExtraHeaders | undefined): void => {
    const flow = flowFor(core, dialog);
    if (flow === undefined) {
      onFinal(503);
      return;
    }
    const request = provable(dialog, flow, method, parts.body);
    const credentials = answer ?? challenges.ahead(request);
    const branch = newBranch(core.random);
    const headers = [...(parts.headers ?? []), ...credentials];
    const contact = WITH_CONTACT.has(method) ? { contact: ownContact(core, dialog, flow) } : {};
    const bytes = buildInDialog(core, dialog, flow, { method, branch, ...parts, ...contact, headers });
    parts.sent?.(dialog.localSeq);
    core.start(
      { method, branch, bytes, flow },
      {
        response: ({ status, headers: received }) => {
          if (status < 200) return;
          const again = challenges.answer(status, received, request);
          if (again === undefined) onFinal(status, received);
          else attempt(again);
        },
        failed: (why) => onFinal(why === 'timeout' ? 408 : 503),
      },
    );
  };
  attempt(undefined);
}
