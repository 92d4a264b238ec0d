/** Whose fault an ending was: the far end's, ours, the carrier's on the way, nobody's, or unknown. */
export type Fault = 'none' | 'client' | 'server' | 'upstream' | 'unknown';
