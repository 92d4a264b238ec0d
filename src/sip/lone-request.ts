/** Requests of ours outside of any dialog that make none (RFC 3261 sections 10.2 and 11.1): REGISTER, OPTIONS. */
import { formatHostPort } from '../base/net.ts';
import type { SipCore } from './core.ts';
import { canonicalName } from './headers.ts';
import { newBranch, newTag } from './ids.ts';
import { type HeaderLine, safeExtras, writeRequest } from './message.ts';
import { parseAddress } from './name-addr.ts';
import type { Flow, LoneOutcome, LoneRequest } from './ports.ts';
import { parseUri } from './uri.ts';
import { formatVia } from './via.ts';

/** Sends `request`; `onFinal` hears its end exactly once and never from within this call. */
export function sendLoneRequest(
  core: SipCore,
  request: LoneRequest,
  onFinal: (outcome: LoneOutcome) => void,
): void {
  const flow = core.openFlow(request.next);
  const contact = flow === undefined ? '' : contactOf(core, request, flow);
  const nothing = (why: 'timeout' | 'transport-error'): LoneOutcome => ({
    status: 0,
    why,
    contact,
    headers: () => [],
  });
  const addressed = [request.from, request.to].every((text) => parseAddress(text) !== undefined);
  if (flow === undefined || !addressed || !parseUri(request.uri).ok) {
    core.after(0, () => core.guard(() => onFinal(nothing('transport-error'))));
    return;
  }
  const release = core.peers.hold(request.next.remote.address);
  const branch = newBranch(core.random);
  const bytes = write(core, request, flow, branch, contact);
  let over = false;
  const end = (outcome: LoneOutcome) => {
    if (over) return;
    over = true;
    release();
    // Later: a transaction that fails at once tells so from within `start`.
    core.after(0, () => core.guard(() => onFinal(outcome)));
  };
  core.start(
    { method: request.method, branch, bytes, flow },
    {
      response: ({ status, headers }) => {
        if (status >= 200)
          end({ status, why: 'response', contact, headers: (name) => headers.all(canonicalName(name)) });
      },
      failed: (why) => end(nothing(why)),
    },
  );
}

function contactOf(core: SipCore, { contactUser }: LoneRequest, flow: Flow): string {
  if (contactUser === undefined) return '';
  const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport}`;
  return `sip:${contactUser}@${formatHostPort(core.contact(flow))}${transport}`;
}

function write(core: SipCore, request: LoneRequest, flow: Flow, branch: string, contact: string): Uint8Array {
  const { method, uri, from, to, callId, cseq, contactParams = '' } = request;
  const lines: HeaderLine[] = [
    ['Via', formatVia(flow.transport, core.contact(flow), branch)],
    ['Max-Forwards', '70'],
    ['From', `${from};tag=${newTag(core.random)}`],
    ['To', to],
    ['Call-ID', callId],
    ['CSeq', `${cseq} ${method}`],
  ];
  if (contact !== '') lines.push(['Contact', `<${contact}>${contactParams}`]);
  lines.push(...safeExtras(request.headers), ['User-Agent', core.userAgent]);
  return writeRequest(method, uri, lines);
}
