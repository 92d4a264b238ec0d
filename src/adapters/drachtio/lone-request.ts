/** Requests of ours outside of any dialog that make none: REGISTER, OPTIONS. */
import { canonicalName } from '../../sip/headers.ts';
import { parseAddress } from '../../sip/name-addr.ts';
import type { ExtraHeaders, LoneOutcome, LoneRequest } from '../../sip/ports.ts';
import { parseUri } from '../../sip/uri.ts';
import type { DrachtioCore } from './core.ts';
import { readRequest, readResponse } from './messages.ts';
import { proxyOf } from './outgoing-call.ts';

/** Sends `request`; `onFinal` hears its end exactly once and never from within this call. */
export function sendLoneRequest(
  core: DrachtioCore,
  request: LoneRequest,
  onFinal: (outcome: LoneOutcome) => void,
): void {
  let over = false;
  let contact = '';
  const end = (outcome: Omit<LoneOutcome, 'contact'>) => {
    if (over) return;
    over = true;
    core.after(0, () => core.guard(() => onFinal({ ...outcome, contact })));
  };
  const nothing = (why: 'timeout' | 'transport-error') => end({ status: 0, why, headers: () => [] });
  const addressed = [request.from, request.to].every((text) => parseAddress(text) !== undefined);
  if (!addressed || !parseUri(request.uri).ok) {
    nothing('transport-error');
    return;
  }
  const { method, uri, next } = request;
  core.send(
    { method, uri, next: proxyOf(next), headers: headersOf(request, core.userAgent) },
    {
      sent: ({ text }) => {
        const value = readRequest(text)?.headers.all('contact')[0];
        contact = (value === undefined ? undefined : parseAddress(value))?.text ?? '';
      },
      response: (served) => {
        if (served.status < 200) return;
        const headers = readResponse(served.text)?.headers;
        // The server makes up the answer when none came.
        if (served.source === '' && served.status === 408) nothing('timeout');
        else if (headers === undefined || (served.source === '' && served.status === 503))
          nothing('transport-error');
        else {
          end({
            status: served.status,
            why: 'response',
            headers: (name) => headers.all(canonicalName(name)),
          });
        }
      },
      failed: () => nothing('transport-error'),
    },
  );
}

/** The server writes its own address where a Contact says `localhost`. */
function headersOf(request: LoneRequest, userAgent: string): ExtraHeaders {
  const { method, from, to, callId, cseq, next, contactUser, contactParams = '' } = request;
  const transport = next.transport === 'udp' ? '' : `;transport=${next.transport}`;
  const contact: ExtraHeaders =
    contactUser === undefined
      ? []
      : [['Contact', `<sip:${contactUser}@localhost${transport}>${contactParams}`]];
  return [
    ['From', from],
    ['To', to],
    ['Call-ID', callId],
    ['CSeq', `${cseq} ${method}`],
    ...contact,
    ...(request.headers ?? []),
    ['User-Agent', userAgent],
  ];
}
