import type { SipEnd } from '../../sip/ports.ts';

/** What a status means to who dialled, and what to look at. */
const HINTS: Readonly<Record<number, string>> = {
  403: 'refused: no trunk or rule lets this caller in',
  404: 'nobody has this number',
  408: 'no answer in time',
  480: 'not available now',
  486: 'busy',
  487: 'cancelled before it was answered',
  488: 'no codec in common',
  503: 'the gateway is full or stopping',
  600: 'busy everywhere',
  603: 'declined',
};

/** Why a call did not come about or ended, in words for the terminal. */
export function describeEnd(end: SipEnd): string {
  switch (end.by) {
    case 'bye':
      return `the far end hung up${withReason(end.reason)}`;
    case 'cancel':
      return `the far end cancelled${withReason(end.reason)}`;
    case 'ack-timeout':
      return 'the far end never acknowledged the answer';
    case 'session-expired':
      return 'nobody refreshed the session';
    case 'rejected': {
      const hint = HINTS[end.status];
      return `${end.status} ${end.phrase}${hint === undefined ? '' : ` (${hint})`}${withReason(end.reason)}`;
    }
    case 'timeout':
      return 'no answer at all: is something listening there, and does a trunk name this address? A stranger gets no reply';
    case 'transport':
      return `the way there is broken: ${end.detail}`;
  }
}

function withReason(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : `, reason: ${reason}`;
}

/** A short name of an end for counting: the status, or what happened. */
export function endLabel(end: SipEnd): string {
  return end.by === 'rejected' ? String(end.status) : end.by;
}
