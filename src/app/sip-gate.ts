import { SipGate } from '../adapters/websocket/sip-gate.ts';
import type { TrustsProxy } from '../adapters/websocket/upgrade.ts';
import type { EventSink } from '../events/index.ts';
import type { Admission } from '../sip/ports.ts';
import { takes } from '../trunk/transports.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
import type { Config } from './config/schema.ts';
import type { SipWebSockets } from './sip-websockets.ts';

export interface SipGateParts {
  readonly config: Config['sip_websocket'];
  readonly trunks: readonly InboundTrunk[];
  readonly admission: Admission;
  readonly webSockets: SipWebSockets;
  readonly emit: EventSink;
  readonly trusts: TrustsProxy;
  /** Takes upgrades of other paths. */
  readonly otherwise: SipGate['upgrade'];
}

/** The door for web phones on the HTTP port; undefined when no trunk is for them. */
export function openSipGate(parts: SipGateParts): SipGate | undefined {
  const { config, trunks, admission, webSockets, emit, trusts, otherwise } = parts;
  if (!trunks.some((trunk) => takes(trunk, 'ws'))) return undefined;
  const local = { address: '', port: 0 };
  return new SipGate({
    ...config,
    admits: (remote) => admission({ transport: 'ws', local, remote }) === 'admit',
    accept: (connection) => webSockets.accept(connection),
    refused: (reason, source) =>
      emit({ type: 'dropped', where: 'sip', reason: `websockets-${reason}`, count: 1, source }),
    ...{ trusts, otherwise },
  });
}
