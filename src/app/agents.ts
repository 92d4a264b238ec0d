import type { AccessTokens } from '../adapters/jwt/tokens.ts';
import {
  SocketGate,
  type SocketGateOptions,
  type TokenAsked,
  tokenAt,
} from '../adapters/websocket/socket-gate.ts';
import { admitWorker } from '../api/agents/admission.ts';
import { Agents, type AgentsOptions } from '../api/agents/agents.ts';
import { defaultPeerOptions } from '../peer/context.ts';

/** Where LiveKit's agents framework connects. */
const PATH = '/agent';
const LIMITS = { connections: 2000, perAddress: 500 };
/** Largest message, bytes: an answer with metadata and attributes. */
const MAX_MESSAGE = 512 * 1024;

type GateOptions = SocketGateOptions<TokenAsked, string>;

export interface AgentParts
  extends Omit<AgentsOptions, 'pass' | 'version'>,
    Pick<GateOptions, 'otherwise' | 'trusts'> {
  readonly tokens: Pick<AccessTokens, 'authority' | 'mintAgent'>;
}

/** LiveKit's agents: their workers' door, and what they are sent to do. */
export interface AgentService {
  readonly agents: Agents;
  readonly upgrade: GateOptions['otherwise'];
  /** Hangs up on the workers. */
  close(graceMs: number): void;
}

/** Opens the door for agent workers on the HTTP port. */
export function openAgents(parts: AgentParts): AgentService {
  const { emit, onFault, otherwise, tokens, trusts } = parts;
  const { version } = defaultPeerOptions;
  const agents = new Agents({ ...parts, version, pass: (wish) => tokens.mintAgent(wish) });
  const gate = new SocketGate<TokenAsked, string>({
    ...{ read: tokenAt(PATH), limits: LIMITS, maxMessage: MAX_MESSAGE, emit, onFault, otherwise, trusts },
    admit: ({ token }) => admitWorker(tokens, token),
    open: (socket, key) => agents.open(socket, key),
  });
  return {
    agents,
    upgrade: gate.upgrade,
    close: (graceMs) => {
      agents.close();
      gate.close(graceMs);
    },
  };
}
