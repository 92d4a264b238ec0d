/** A request of ours in a dialog that the server keeps, until its final answer: challenges are answered, a 2xx to INVITE is acknowledged. */
import { Challenges, type Proof } from '../../sip/challenges.ts';
import type { SipResponse } from '../../sip/message.ts';
import type { ExtraHeaders, Flow } from '../../sip/ports.ts';
import type { DrachtioCore } from './core.ts';
import { readRequest, readResponse } from './messages.ts';
import type { SentRequest } from './srf.ts';

const NO_BODY = new Uint8Array(0);

export interface InDialogRequest {
  readonly method: string;
  readonly dialogId: string;
  /** The far end's Contact, which the server makes the Request-URI. */
  readonly target: string;
  readonly headers: ExtraHeaders;
  readonly body?: Uint8Array | undefined;
  readonly flow: Flow;
  readonly proof: Proof | undefined;
}

export interface InDialogListener {
  /** Each sending. */
  sent?(request: SentRequest, cseq: number): void;
  /** Once: 481 when the server knows no such dialog, 503 when there is no server. */
  final(status: number, response: SipResponse | undefined): void;
}

export function sendInDialog(core: DrachtioCore, request: InDialogRequest, listener: InDialogListener): void {
  const { method, dialogId, target, flow, proof, body = NO_BODY } = request;
  const challenges = new Challenges(proof);
  const common = { method, body, remote: flow.remote };
  const send = (credentials: ExtraHeaders) => {
    let uri = target;
    const headers = [...request.headers, ...credentials, ['User-Agent', core.userAgent] as const];
    core.send(
      { method, dialogId, headers, body },
      {
        sent: (sent) => {
          const read = readRequest(sent.text);
          uri = read?.uri ?? uri;
          listener.sent?.(sent, read?.cseq.number ?? 0);
        },
        response: (served) => {
          if (served.status < 200) return;
          if (method === 'INVITE' && served.status < 300) served.acknowledge();
          const response = readResponse(served.text);
          let again: ExtraHeaders | undefined;
          core.guard(() => {
            if (response === undefined) return;
            again = challenges.answer(served.status, response.headers, { ...common, uri });
          });
          if (again === undefined) listener.final(served.status, response);
          else send(again);
        },
        failed: (why) => listener.final(why === 'dialog-gone' ? 481 : 503, undefined),
      },
    );
  };
  send(challenges.ahead({ ...common, uri: target }));
}
