/**
 * What becomes of a REFER of ours (RFC 3515 section 2.4.4), pure: its answer and the NOTIFYs of the subscription that it makes, in
 * whatever order they come.
 *
 *   (sent) ── 2xx ──▶ (accepted) ── final sipfrag, silence, time-out ──▶ (over)
 *      └──── failure, or a final sipfrag that overtook the answer ──────────┘
 */
export type ReferState =
  | { readonly phase: 'sent' }
  /** `last`: the newest provisional status that was told; undefined before the first NOTIFY. */
  | { readonly phase: 'accepted'; readonly last: number | undefined }
  | { readonly phase: 'over'; readonly outcome: ReferOutcome };

export type ReferOutcome =
  /** `status`: the 2xx of the new call, or of the REFER when the far end tells no more. */
  | { readonly ok: true; readonly status: number; readonly by: ReferProof }
  | { readonly ok: false; readonly status: number; readonly reason: ReferFailure };

/** How we know: it was told; the far end will tell nothing (RFC 4488); it took the REFER and hung up. */
export type ReferProof = 'notify' | 'no-subscription' | 'bye';

export type ReferFailure =
  /** The REFER was refused. */
  | 'refused'
  /** The REFER got no answer. */
  | 'no-answer'
  /** It was accepted, and then nothing came. */
  | 'no-notify'
  /** The new call failed. */
  | 'failed'
  /** The subscription ended before there was a result. */
  | 'no-result'
  /** Nobody answered in the time given. */
  | 'timeout'
  /** Our call ended meanwhile. */
  | 'call-ended';

export type ReferInput =
  /** The REFER's final answer, 408 when none came; `subscribed` false: it says that there will be no NOTIFY (RFC 4488 section 4). */
  | { readonly type: 'answered'; readonly status: number; readonly subscribed: boolean }
  /** A NOTIFY; `status` of its sipfrag, undefined when it has none. */
  | { readonly type: 'notified'; readonly status: number | undefined; readonly terminated: boolean }
  /** Nothing came for 64 T1 after the 2xx (RFC 6665 section 4.1.2.4, timer N). */
  | { readonly type: 'silent' }
  | { readonly type: 'timeout' }
  /** The dialog is over: by BYE of the far end, or otherwise. */
  | { readonly type: 'dialog-over'; readonly byFarEnd: boolean };

/** Inputs that come too late change nothing. */
export function stepRefer(state: ReferState, input: ReferInput): ReferState {
  if (state.phase === 'over') return state;
  switch (input.type) {
    case 'answered':
      return state.phase === 'sent' ? answered(input.status, input.subscribed) : state;
    case 'notified':
      return notified(state, input.status, input.terminated);
    case 'silent':
      return state.phase === 'accepted' && state.last === undefined ? failed('no-notify', 408) : state;
    case 'timeout':
      return failed('timeout', 408);
    case 'dialog-over':
      // Many a carrier hangs up on its own once it has taken the REFER.
      return input.byFarEnd && state.phase === 'accepted'
        ? over({ ok: true, status: 200, by: 'bye' })
        : failed('call-ended', 487);
  }
}

function answered(status: number, subscribed: boolean): ReferState {
  if (status === 408) return failed('no-answer', status);
  if (status < 200 || status > 299) return failed('refused', status);
  return subscribed
    ? { phase: 'accepted', last: undefined }
    : over({ ok: true, status, by: 'no-subscription' });
}

function notified(state: ReferState, status: number | undefined, terminated: boolean): ReferState {
  if (status !== undefined && status >= 300) return failed('failed', status);
  if (status !== undefined && status >= 200) return over({ ok: true, status, by: 'notify' });
  if (terminated) return failed('no-result', 487);
  // A NOTIFY says as well as a 2xx that the REFER was taken (RFC 6665 section 4.1.2.4).
  const last = state.phase === 'accepted' ? state.last : undefined;
  return { phase: 'accepted', last: status ?? last ?? 100 };
}

function failed(reason: ReferFailure, status: number): ReferState {
  return over({ ok: false, status, reason });
}

function over(outcome: ReferOutcome): ReferState {
  return { phase: 'over', outcome };
}
