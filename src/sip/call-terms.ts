/** The terms of one call, where a trunk has its own: session timers, reliable provisional responses, the user of our Contact. */
export interface SipTerms {
  /** Session-Expires of our own, seconds; 0: none is asked for. */
  readonly sessionExpires: number;
  /** The shortest that is accepted, seconds; at least 90. */
  readonly minSe: number;
  /** `off`: RFC 4028 is neither offered nor followed. Undefined: it is. */
  readonly timers?: 'on' | 'off' | undefined;
  /**
   * By what our turn to refresh is taken. `update-then-invite`, which is meant when nothing is said: by UPDATE where the far end
   * allows it, and by re-INVITE elsewhere and from when on it answers 405 or 501.
   */
  readonly refresh?: 'invite' | 'update' | 'update-then-invite' | undefined;
  /**
   * RFC 3262. `off`: neither offered nor accepted. `supported`, which is meant when nothing is said: where the caller requires it, and
   * with SDP where he supports it. `required`: asked of whom we call; who calls and does not know it is refused.
   */
  readonly reliable?: 'off' | 'supported' | 'required' | undefined;
  /** User of our Contact; undefined: none. */
  readonly contactUser?: string | undefined;
}
