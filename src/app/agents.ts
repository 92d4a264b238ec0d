import type { AccessTokens } from '../adapters/jwt/tokens.ts';
import { AgentGate, type AgentGateOptions } from '../adapters/websocket/agent-gate.ts';
import { admitWorker } from '../api/agents/admission.ts';
import { Agents, type AgentsOptions } from '../api/agents/agents.ts';
import { defaultPeerOptions } from '../peer/context.ts';

export interface AgentParts
  extends Omit<AgentsOptions, 'pass' | 'version'>,
    Pick<AgentGateOptions, 'otherwise' | 'trusts'> {
  readonly tokens: Pick<AccessTokens, 'authority' | 'mintAgent'>;
}

/** LiveKit's agents: their workers' door, and what they are sent to do. */
export interface AgentService {
  readonly agents: Agents;
  readonly upgrade: AgentGateOptions['otherwise'];
  /** Hangs up on the workers. */
  close(graceMs: number): void;
}

/** Opens the door for agent workers on the HTTP port. */
export function openAgents(parts: AgentParts): AgentService {
  const { emit, onFault, otherwise, tokens, trusts } = parts;
  const { version } = defaultPeerOptions;
  const agents = new Agents({ ...parts, version, pass: (wish) => tokens.mintAgent(wish) });
  const gate = new AgentGate({
    ...{ emit, onFault, otherwise, trusts },
    admit: (token) => admitWorker(tokens, token),
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
