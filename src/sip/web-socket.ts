import type { Flow } from './ports.ts';

/** A WebSocket carries whole messages, and is the only way to who opened it (RFC 7118 sections 4 and 5). */
export function isWebSocket({ transport }: Pick<Flow, 'transport'>): boolean {
  return transport === 'ws' || transport === 'wss';
}
