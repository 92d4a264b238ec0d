import { z } from 'zod';
import { country, duration, id, network, number, roomText } from './fields.ts';

/** `trunks[]`: SIPInboundTrunkInfo by LiveKit's names, and what LiveKit lacks. */
export const trunkSchema = z.strictObject({
  id: id.meta({ description: 'Id of the trunk; participants carry it as sip.trunkID.' }),
  name: z.string().max(128).default('').meta({ description: 'Name for people.' }),
  numbers: z
    .array(number)
    .default([])
    .meta({ description: 'Called numbers (DIDs) that the trunk serves; empty: every number.' }),
  allowed_addresses: z
    .array(network)
    .min(1, { error: 'at least one address or CIDR is needed: nobody is admitted whom no trunk names' })
    .meta({
      description: 'Addresses and CIDRs that its SIP comes from. Required: an empty list would admit nobody.',
    }),
  allowed_numbers: z
    .array(number)
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
  codecs: z
    .array(z.enum(['PCMA', 'PCMU']))
    .min(1)
    .default(['PCMA', 'PCMU'])
    .meta({
      description:
        'Codecs that it may use. The caller\u2019s order decides; this is the order of our own offers.',
    }),
  called_number_from: z
    .enum(['request-uri', 'to'])
    .default('request-uri')
    .meta({ description: 'Where the called number stands: in the Request-URI or in the To header.' }),
  ringing_timeout: duration
    .prefault('30s')
    .meta({ description: 'How long a call may ring before it is given up.' }),
  max_call_duration: duration.prefault('24h').meta({ description: 'After this a call is ended; 0s: never.' }),
  max_calls: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'Calls at the same time; 0: no limit. Beyond it: 503.' }),
  calls_per_second: z.number().min(0).default(0).meta({
    description: 'New calls per second on the long run, and as many at once; 0: no limit. Beyond it: 503.',
  }),
});

const choices = {
  direct: z
    .strictObject({ room_name: roomText.min(1).meta({ description: 'Name of the room.' }) })
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
    })
    .optional()
    .meta({ description: 'A room for each called number.' }),
};

/** `rules[]`: SIPDispatchRuleInfo by LiveKit's names. */
export const ruleSchema = z
  .strictObject({
    id: id.meta({ description: 'Id of the rule; participants carry it as sip.ruleID.' }),
    name: z.string().max(128).default('').meta({ description: 'Name for people.' }),
    trunk_ids: z
      .array(id)
      .default([])
      .meta({ description: 'Trunks that the rule is for; empty: every trunk.' }),
    numbers: z
      .array(number)
      .default([])
      .meta({ description: 'Called numbers that the rule is for; empty: every number.' }),
    inbound_numbers: z
      .array(number)
      .default([])
      .meta({ description: 'Callers that the rule is for; empty: every caller.' }),
    ...choices,
    hide_phone_number: z.boolean().default(false).meta({
      description:
        'Keeps the caller\u2019s number out of the participant\u2019s identity, name and attributes.',
    }),
    attributes: z
      .record(z.string().min(1).max(128), z.string().max(1024))
      .default({})
      .meta({ description: 'Attributes set on the participant.' }),
    metadata: z.string().max(65_536).default('').meta({ description: 'Metadata set on the participant.' }),
  })
  .refine(
    (rule) =>
      [rule.direct, rule.individual, rule.callee].filter((choice) => choice !== undefined).length === 1,
    {
      error: 'exactly one of direct, individual, callee is needed',
    },
  );
