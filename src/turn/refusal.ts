/** Why a request is refused: its STUN error code, and our word for logs and metrics. */
export interface Refusal {
  readonly code: 400 | 401 | 403 | 405 | 420 | 437 | 438 | 440 | 441 | 442 | 443 | 486 | 508;
  readonly reason: string;
}
