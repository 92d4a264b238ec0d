/** One inbound trunk, by the names that configuration has. */
export interface TrunkSettings {
  readonly allowed_addresses: readonly string[];
  readonly codecs?: readonly string[];
}

/** The environment of a gateway which this trunk alone may call, and through it every room by its name. */
export function oneTrunk(settings: TrunkSettings): Record<string, string> {
  return {
    TRUNKROOM_TRUNKS: JSON.stringify([{ id: 'carrier', ...settings }]),
    TRUNKROOM_RULES: JSON.stringify([{ id: 'rooms', callee: {} }]),
  };
}
