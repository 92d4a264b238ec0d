import type { Config, RuleConfig, TrunkConfig } from './schema.ts';

/** The well-known pair; whoever finds it outside of `--dev` holds an open door. */
export const DEVELOPMENT_KEY = { key: 'devkey', secret: 'secret' } as const;

/** Id of the trunk and of the rule that `--dev` puts where none is configured. */
export const DEVELOPMENT_ID = 'development';

/** Loopback and the private ranges (RFC 1918, RFC 4193). */
export const DEVELOPMENT_ADDRESSES: readonly string[] = [
  '127.0.0.0/8',
  '::1',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

/** What `--dev` puts where nothing is configured: keys, and a trunk by which any near phone reaches any room. */
export function withDevelopmentDefaults(config: Config): Config {
  const bare = config.trunks.length === 0 && config.rules.length === 0;
  return {
    ...config,
    keys:
      Object.keys(config.keys).length > 0 ? config.keys : { [DEVELOPMENT_KEY.key]: DEVELOPMENT_KEY.secret },
    trunks: bare ? [developmentTrunk] : config.trunks,
    rules: bare ? [developmentRule] : config.rules,
  };
}

const developmentTrunk: TrunkConfig = {
  id: DEVELOPMENT_ID,
  name: 'Development: loopback and private addresses',
  numbers: [],
  allowed_addresses: [...DEVELOPMENT_ADDRESSES],
  transports: ['udp', 'tcp', 'tls'],
  allowed_numbers: [],
  media_addresses: [],
  media_encryption: 'allowed',
  rtcp_mux: false,
  hold_timeout: 0,
  codecs: ['PCMA', 'PCMU'],
  called_number_from: 'request-uri',
  trusted_identity: false,
  auth_realm: 'trunkroom',
  auth_algorithms: ['MD5'],
  headers: {},
  headers_to_attributes: {},
  attributes_to_headers: {},
  include_headers: 'none',
  ringing_timeout: 30_000,
  max_call_duration: 86_400_000,
  max_calls: 0,
  calls_per_second: 0,
  dtmf: 'rfc4733',
  enabled: true,
  dtmf_inband: false,
  transfers: 'refuse',
  transfer_numbers: [],
  max_transfers: 10,
  max_transfers_per_call: 3,
};

const developmentRule: RuleConfig = {
  id: DEVELOPMENT_ID,
  enabled: true,
  name: 'The number dialled is the room',
  priority: 10,
  trunk_ids: [],
  numbers: [],
  inbound_numbers: [],
  callee: { room_prefix: '', randomize: false },
  answer: 'at-once',
  early_media: 'none',
  keypad_mute: false,
  entry_sound: 'none',
  hide_phone_number: false,
  attributes: {},
  metadata: '',
};
