import { z } from 'zod';
import {
  anyNetwork,
  country,
  dtmf,
  dtmfInband,
  duration,
  id,
  language,
  network,
  numberPattern,
  roomText,
} from './fields.ts';
import { authKeys, headerKeys, realm } from './schema-auth.ts';
import { codecList } from './schema-codecs.ts';
import { mediaEncryption, mediaTimeKeys, rtcpMux } from './schema-media-policy.ts';
import { pinKey, policyKeys } from './schema-policy.ts';
import { roomConfigSchema } from './schema-room-config.ts';
import { termKeys } from './schema-terms.ts';
import { transferKeys } from './schema-transfers.ts';

/** `trunks[]`: SIPInboundTrunkInfo by LiveKit's names, and what LiveKit lacks. */
export const trunkSchema = z.strictObject({
  id: id.meta({ description: 'Id of the trunk; participants carry it as sip.trunkID.' }),
  name: z.string().max(128).default('').meta({ description: 'Name for people.' }),
  numbers: z.array(numberPattern).default([]).meta({
    description:
      'Called numbers (DIDs) that the trunk serves: numbers, prefixes (`"+6031*"`), ranges (`"+60312345600..+60312345699"`); empty: every number.',
  }),
  allowed_addresses: z
    .array(anyNetwork)
    .min(1, { error: 'at least one address or CIDR is needed: nobody is admitted whom no trunk names' })
    .meta({
      description: 'Addresses and CIDRs that its SIP comes from. Required: an empty list would admit nobody.',
    }),
  transports: z
    .array(z.enum(['udp', 'tcp', 'tls', 'ws']))
    .min(1)
    .default(['udp', 'tcp', 'tls'])
    .meta({
      description:
        'By what its calls may come. `ws` is for web phones (SIP over WebSocket at `sip_websocket.path`, media by ICE and DTLS-SRTP): then credentials are needed, and with `ws` alone `0.0.0.0/0` may stand in `allowed_addresses`.',
    }),
  allowed_numbers: z
    .array(numberPattern)
    .default([])
    .meta({ description: 'Callers that may use it; empty: every caller of the allowed addresses.' }),
  media_addresses: z.array(network).default([]).meta({
    description:
      'Addresses and CIDRs that its RTP comes from and goes to; empty: the address in the SDP, or where the signaling comes from.',
  }),
  country: country.optional().meta({
    description:
      'ISO 3166 code, such as MY, by which national numbers become E.164; absent: numbers stay as they come.',
  }),
  codecs: codecList(
    'Codecs that it may use. The caller\u2019s order decides; this is the order of our own offers.',
  ),
  ...mediaTimeKeys,
  media_encryption: mediaEncryption('allowed (taken when it is offered)'),
  rtcp_mux: rtcpMux,
  called_number_from: z
    .enum(['request-uri', 'to', 'p-called-party-id', 'diversion', 'history-info'])
    .default('request-uri')
    .meta({
      description:
        'Where the called number stands: in the Request-URI, To, P-Called-Party-ID, the last Diversion, or the first History-Info; without the header the Request-URI says it.',
    }),
  trusted_identity: z.boolean().default(false).meta({
    description:
      'Whether the caller is who P-Asserted-Identity says (RFC 3325). Only for a carrier that vouches for it.',
  }),
  ...authKeys,
  auth_realm: realm.default('trunkroom').meta({ description: 'Realm of our challenges.' }),
  auth_algorithms: z
    .array(z.enum(['MD5', 'SHA-256', 'SHA-512-256']))
    .min(1)
    .max(3)
    .default(['MD5'])
    .meta({
      description:
        'Algorithms that are offered, the preferred one first. Some phones fail at any challenge beside MD5.',
    }),
  registration: id.optional().meta({
    description:
      'Outbound trunk whose registration these calls come for. Others are refused; the called number then stands in To, unless `called_number_from` says where.',
  }),
  ...headerKeys,
  language: language
    .optional()
    .meta({ description: 'Language of prompts, a directory of `sounds.directory`; absent: en.' }),
  ringing_timeout: duration
    .prefault('30s')
    .meta({ description: 'How long a call may ring before it is given up.' }),
  max_call_duration: duration.prefault('24h').meta({ description: 'After this a call is ended; 0s: never.' }),
  dtmf,
  dtmf_inband: dtmfInband,
  ...transferKeys,
  max_calls: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'Calls at the same time; 0: no limit. Beyond it: 503.' }),
  ...termKeys,
  calls_per_second: z.number().min(0).default(0).meta({
    description: 'New calls per second on the long run, and as many at once; 0: no limit. Beyond it: 503.',
  }),
});

const choices = {
  direct: z
    .strictObject({
      room_name: roomText.min(1).meta({ description: 'Name of the room.' }),
      ...pinKey,
    })
    .optional()
    .meta({ description: 'All calls into one room.' }),
  individual: z
    .strictObject({
      room_prefix: roomText
        .default('')
        .meta({ description: 'Start of the room\u2019s name; the caller\u2019s number follows.' }),
      no_randomness: z.boolean().default(false).meta({
        description: 'Leaves out the random end of the name, so that a caller comes back into the same room.',
      }),
      ...pinKey,
    })
    .optional()
    .meta({ description: 'A room for each caller.' }),
  callee: z
    .strictObject({
      room_prefix: roomText
        .default('')
        .meta({ description: 'Start of the room\u2019s name; the called number follows.' }),
      randomize: z
        .boolean()
        .default(false)
        .meta({ description: 'Adds random characters: a room for each call.' }),
      ...pinKey,
    })
    .optional()
    .meta({ description: 'A room for each called number.' }),
};

/** `rules[]`: SIPDispatchRuleInfo by LiveKit's names. */
export const ruleSchema = z
  .strictObject({
    id: id.meta({ description: 'Id of the rule; participants carry it as sip.ruleID.' }),
    name: z.string().max(128).default('').meta({ description: 'Name for people.' }),
    enabled: z.boolean().default(true).meta({ description: 'false: as though it were not there.' }),
    priority: z.int().min(0).max(65_535).default(10).meta({
      description:
        'Of the rules that fit, those of the lowest number come first; then the one that names most.',
    }),
    trunk_ids: z
      .array(id)
      .default([])
      .meta({ description: 'Trunks that the rule is for; empty: every trunk.' }),
    numbers: z
      .array(numberPattern)
      .default([])
      .meta({ description: 'Called numbers that the rule is for; empty: every number.' }),
    inbound_numbers: z
      .array(numberPattern)
      .default([])
      .meta({ description: 'Callers that the rule is for; empty: every caller.' }),
    ...choices,
    ...policyKeys,
    hide_phone_number: z.boolean().default(false).meta({
      description:
        'Keeps the caller\u2019s number out of the participant\u2019s identity, name and attributes.',
    }),
    attributes: z
      .record(z.string().min(1).max(128), z.string().max(1024))
      .default({})
      .meta({ description: 'Attributes set on the participant.' }),
    metadata: z.string().max(65_536).default('').meta({ description: 'Metadata set on the participant.' }),
    room_config: roomConfigSchema.optional().meta({
      description: 'What the room is like, if it is a call of this rule that makes it; absent: as any.',
    }),
  })
  .refine(
    (rule) =>
      [rule.direct, rule.individual, rule.callee].filter((choice) => choice !== undefined).length === 1,
    {
      error: 'exactly one of direct, individual, callee is needed',
    },
  );
