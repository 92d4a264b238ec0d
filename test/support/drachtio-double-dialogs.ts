import { contactOf, tagOf } from './drachtio-double-text.ts';
import { headerOf } from './hand-peer.ts';

export interface DoubleDialog {
  readonly id: string;
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
  target: string;
  cseq: number;
  /** Of the INVITE that an ACK of ours is for. */
  inviteCseq: number;
  /** An ACK that has not come. */
  awaitsAck: boolean;
}

/** An INVITE, theirs or ours, and the name of the dialog that it is in or makes. */
interface Made {
  readonly request: string;
  readonly dialogId: string;
}

/** The dialogs of the double, by the server's name for them. */
export class DoubleDialogs extends Map<string, DoubleDialog> {
  /** The dialog that our answer made, or changes. */
  served({ request, dialogId }: Made, response: string): void {
    const target = contactOf(request);
    const known = this.get(dialogId);
    if (known !== undefined) {
      known.target = target;
      known.awaitsAck = true;
      return;
    }
    this.set(dialogId, {
      id: dialogId,
      callId: headerOf(request, 'Call-ID'),
      local: headerOf(response, 'To'),
      remote: headerOf(request, 'From'),
      target,
      cseq: 0,
      inviteCseq: 0,
      awaitsAck: true,
    });
  }

  /** The dialog that their answer made, or changes. */
  called({ request, dialogId }: Made, response: string): void {
    const known = this.get(dialogId);
    const target = contactOf(response);
    const cseq = Number.parseInt(headerOf(request, 'CSeq'), 10);
    if (known !== undefined) known.target = target;
    else {
      this.set(dialogId, {
        id: dialogId,
        callId: headerOf(request, 'Call-ID'),
        local: headerOf(response, 'From'),
        remote: headerOf(response, 'To'),
        target,
        cseq,
        inviteCseq: cseq,
        awaitsAck: false,
      });
    }
  }

  /** The one that a request of theirs is in. */
  of(text: string): DoubleDialog | undefined {
    const tag = tagOf(headerOf(text, 'To'));
    const callId = headerOf(text, 'Call-ID');
    return [...this.values()].find((each) => each.callId === callId && tagOf(each.local) === tag);
  }
}
