import type { CallHandler } from './ports.ts';

/** Stands in until the application has set its own: no offer is accepted, and no request known. */
export const NO_HANDLER: CallHandler = {
  confirmed() {},
  reoffered: (_request, _offer, settle) => settle.reject(488),
  requested: () => 481,
  ended() {},
};
