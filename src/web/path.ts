import type { Room } from 'livekit-client';

/** How sound travels: the candidate pair that ICE chose. */
export interface Path {
  readonly way: 'direct' | 'relay';
  /** Of the hop to the gateway or to its relay. */
  readonly protocol: string;
}

interface CandidateStats {
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
}

/** The selected pair by getStats; undefined before there is one. */
export async function selectedPath(room: Room): Promise<Path | undefined> {
  const reports = await room.engine.pcManager?.publisher.getStats();
  if (reports === undefined) return undefined;
  const stats = new Map<string, Record<string, unknown>>();
  reports.forEach((report: Record<string, unknown>) => {
    stats.set(String(report['id']), report);
  });
  for (const transport of stats.values()) {
    if (transport['type'] !== 'transport') continue;
    const pair = stats.get(String(transport['selectedCandidatePairId']));
    const local = stats.get(String(pair?.['localCandidateId'])) as CandidateStats | undefined;
    if (local?.candidateType === undefined) continue;
    const relayed = local.candidateType === 'relay';
    return {
      way: relayed ? 'relay' : 'direct',
      protocol: (relayed ? local.relayProtocol : local.protocol) ?? local.protocol ?? '',
    };
  }
  return undefined;
}
