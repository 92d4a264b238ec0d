import { z } from 'zod';
import { address, duration, network, port, portRange } from './fields.ts';
import { drachtioSchema } from './schema-drachtio.ts';
import { dscp } from './schema-dscp.ts';
import { iceSchema } from './schema-ice.ts';
import { mediaSchema } from './schema-media.ts';
import { metricsSchema } from './schema-metrics.ts';
import { nodeSchema } from './schema-node.ts';
import { outboundTrunkSchema } from './schema-outbound.ts';
import { sipApiSchema } from './schema-sip-api.ts';
import { certificatesSchema, tlsSchema } from './schema-tls.ts';
import { ruleSchema, trunkSchema } from './schema-trunks.ts';
import { turnSchema } from './schema-turn.ts';
import { turnSelectionSchema, turnServersSchema } from './schema-turn-servers.ts';

/**
 * The one schema of the configuration: types, defaults, docs/CONFIG.md, config/trunkroom.yaml, the JSON schema and
 * all error messages come from here.
 */
export const configSchema = z.strictObject({
  node: nodeSchema,
  sip: z
    .strictObject({
      engine: z.enum(['embedded', 'drachtio']).default('embedded').meta({
        description:
          'What speaks SIP to trunks: this process, or a drachtio server (docs/ENGINES.md), which then has `sip.address`, `sip.port` and `sip_tls` in its own configuration.',
      }),
      address: address.default('0.0.0.0').meta({
        description: 'Address to listen on. `0.0.0.0` stands for all of IPv4, `::` for IPv6 and IPv4.',
      }),
      port: port.default(5060).meta({ description: 'UDP and TCP port for SIP.' }),
      user_agent: z
        .string()
        .regex(/^[ -~]{1,64}$/, { error: '1 to 64 printable characters of ASCII are expected' })
        .default('trunkroom')
        .meta({ description: 'Server and User-Agent header.' }),
      session_expires: duration.prefault('30m').meta({
        description:
          'How long a call may go on without a refresh (RFC 4028), with phones that know session timers; 0s: only when they ask.',
      }),
      min_se: duration
        .prefault('90s')
        .refine((ms) => ms >= 90_000, { error: 'RFC 4028 section 5: at least 90s' })
        .meta({ description: 'The shortest refresh interval that a phone may ask for; less gets 422.' }),
      dscp: dscp(
        'cs3',
        'our SIP; over UDP only where the addon was built (`media.native`), and with drachtio by its own settings',
      ),
      messages_per_second: z.int().min(10).default(20_000).meta({
        description:
          'Messages that one source may send. Above half of it its new calls get 503, above it nothing of it is read.',
      }),
    })
    .prefault({})
    .meta({ description: 'The phone door\u2019s signaling.' }),
  drachtio: drachtioSchema
    .prefault({})
    .meta({ description: 'The drachtio server, for `sip.engine: drachtio`.' }),
  sip_tls: z
    .strictObject({
      port: port.default(5061).meta({ description: 'TCP port for SIP over TLS.' }),
      certificates: certificatesSchema,
      ca_file: z.string().min(1).optional().meta({
        description:
          'PEM file of the authorities that peers\u2019 certificates are checked by; absent: the well-known ones.',
      }),
      client_certificates: z
        .enum(['none', 'request', 'require'])
        .default('none')
        .meta({ description: 'Whether who connects must show a certificate that `ca_file` vouches for.' }),
      verify_peers: z.boolean().default(true).meta({
        description:
          'Whether a server that we connect to must show a certificate for its domain (RFC 5922), by subjectAltName.',
      }),
    })
    .prefault({})
    .meta({ description: 'SIP over TLS 1.2 and above.' }),
  sip_websocket: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[A-Za-z0-9/_-]{1,64}$/, { error: 'a path is expected, such as /sip' })
        .refine((path) => !/^\/(rtc|twirp)(\/|$)/.test(path), { error: 'this path is taken' })
        .default('/sip')
        .meta({
          description: 'Path on the HTTP port, open only when a trunk has `ws` among its `transports`.',
        }),
      origins: z
        .array(
          z.string().regex(/^https?:\/\/[^/\s]+$/, {
            error: 'an origin is expected, such as https://phone.example.com',
          }),
        )
        .max(100)
        .default([])
        .meta({ description: 'Pages from which web phones may connect, by their origin; empty: all pages.' }),
    })
    .prefault({})
    .meta({ description: 'SIP over WebSocket (RFC 7118), for web phones.' }),
  sip_api: sipApiSchema
    .prefault({})
    .meta({ description: 'Trunks and rules that are made by API, beside those of the configuration.' }),
  trace: z
    .strictObject({
      calls: z.int().min(0).max(10_000).default(200).meta({
        description:
          'Calls whose SIP messages are kept in memory, without their secrets, for `trunkroom trace`; 0: none.',
      }),
      hep_address: address
        .optional()
        .meta({ description: 'Address of a HEPv3 collector (Homer) that all SIP is sent to; absent: none.' }),
      hep_port: port.default(9060).meta({ description: 'Its UDP port.' }),
      hep_id: z
        .int()
        .min(0)
        .max(0xffff_ffff)
        .default(2001)
        .meta({ description: 'Capture id by which the collector knows this gateway.' }),
      hep_password: z
        .string()
        .min(1)
        .max(255)
        .optional()
        .meta({ description: 'Key that the collector asks for.' }),
    })
    .prefault({})
    .meta({ description: 'What is kept of SIP for finding faults.' }),
  http: z
    .strictObject({
      address: address.default('::').meta({
        description:
          'Address to listen on. `::` stands for IPv6 and IPv4, or what of them this machine has; `0.0.0.0` for IPv4 alone.',
      }),
      port: port
        .default(7880)
        .meta({ description: 'TCP port for the page, the API, WebSocket signaling and metrics.' }),
      trusted_proxies: z.array(network).default([]).meta({
        description:
          'Addresses and CIDRs of reverse proxies, such as the one that does TLS: of what they pass on, X-Forwarded-For says the source.',
      }),
    })
    .prefault({})
    .meta({ description: 'Page, API and browser signaling.' }),
  metrics: metricsSchema.prefault({}).meta({ description: 'Who may read `/metrics`, on the HTTP port.' }),
  tls: tlsSchema,
  ice: iceSchema,
  turn: turnSchema.prefault({}).meta({ description: 'The embedded STUN and TURN server.' }),
  turn_servers: turnServersSchema,
  turn_selection: turnSelectionSchema,
  rtp: z
    .strictObject({
      ports: portRange
        .prefault('10000-19999')
        .meta({ description: 'UDP ports for phones\u2019 media; a call takes two.' }),
      dscp: dscp('ef', 'our RTP and RTCP to phones, only where the addon was built (`media.native`)'),
      media_timeout: duration.prefault('30s').meta({
        description: 'A call from which neither RTP nor RTCP came for so long is ended; 0s: never.',
      }),
    })
    .prefault({})
    .meta({ description: 'Phones\u2019 media.' }),
  media: mediaSchema,
  sounds: z
    .strictObject({
      directory: z.string().default('').meta({
        description:
          'Directory of recordings of one\u2019s own, WAV or Ogg Opus, with one for each language: `en/enter-pin.wav`. What it lacks is taken from the gateway\u2019s own, and what a language lacks from `en`. Empty: none.',
      }),
    })
    .prefault({})
    .meta({ description: 'What callers hear besides the room.' }),
  room: z
    .strictObject({
      empty_timeout: duration
        .prefault('5m')
        .meta({ description: 'How long a room that the API made waits for its first participant.' }),
      departure_timeout: duration
        .prefault('20s')
        .meta({ description: 'How long a room stays when the last has left.' }),
      max_participants: z.int().min(1).default(1000).meta({ description: 'Participants in one room.' }),
    })
    .prefault({})
    .meta({ description: 'Rooms.' }),
  webhook: z
    .strictObject({
      urls: z
        .array(z.url({ protocol: /^https?$/, error: 'an http: or https: URL is expected' }))
        .max(16)
        .default([])
        .meta({ description: 'Endpoints that are told what happens in rooms and calls.' }),
      api_key: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'Which of `keys` signs; absent: the first.' }),
    })
    .prefault({})
    .meta({ description: 'Webhooks, as LiveKit\u2019s and for calls.' }),
  limits: z
    .strictObject({
      max_calls: z
        .int()
        .min(1)
        .default(1000)
        .meta({ description: 'Phone calls at the same time. Beyond it: 503.' }),
      calls_per_second: z
        .number()
        .positive()
        .default(100)
        .meta({ description: 'New phone calls per second, and as many at once. Beyond it: 503.' }),
      max_rooms: z.int().min(1).default(10_000).meta({ description: 'Rooms at the same time.' }),
    })
    .prefault({})
    .meta({ description: 'What this gateway takes on in all.' }),
  keys: z
    .record(
      z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'a key is 1 to 64 of A-Z a-z 0-9 . _ -' }),
      z.string().min(1),
    )
    .default({})
    .meta({
      description:
        'API keys and their secrets (at least 32 characters): who holds one may sign tokens and use the API. With --dev and none given: devkey and secret.',
    }),
  key_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'File with more keys, one line each: `key: secret`.' }),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .meta({ description: 'What is logged at least.' }),
      format: z
        .enum(['auto', 'pretty', 'json'])
        .default('auto')
        .meta({ description: 'Lines for people or for machines; auto: pretty on a terminal, else JSON.' }),
    })
    .prefault({})
    .meta({ description: 'The log, on standard output.' }),
  trunks: z.array(trunkSchema).max(1000).default([]).meta({
    description:
      'Who may call in: LiveKit\u2019s SIPInboundTrunkInfo. With --dev and none given: the development trunk.',
  }),
  outbound_trunks: z
    .array(outboundTrunkSchema)
    .max(1000)
    .default([])
    .meta({ description: 'Where calls go out: LiveKit\u2019s SIPOutboundTrunkInfo.' }),
  rules: z
    .array(ruleSchema)
    .max(10_000)
    .default([])
    .meta({ description: 'Where calls go: LiveKit\u2019s SIPDispatchRuleInfo.' }),
});

/** The configuration, checked and complete; keys as in the file, durations in ms. */
export type Config = z.output<typeof configSchema>;
/** One of `trunks`. */
export type TrunkConfig = Config['trunks'][number];
/** One of `outbound_trunks`. */
export type OutboundTrunkConfig = Config['outbound_trunks'][number];
/** One of `rules`. */
export type RuleConfig = Config['rules'][number];
