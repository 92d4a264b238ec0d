import { z } from 'zod';
import { parseHostPort } from '../../sip/uri.ts';
import { country, dtmf, dtmfInband, duration, id, network, number } from './fields.ts';
import { authKeys, headerKeys, realm } from './schema-auth.ts';
import { codecList } from './schema-codecs.ts';
import { mediaEncryption, mediaTimeKeys, rtcpMux } from './schema-media-policy.ts';
import { termKeys } from './schema-terms.ts';
import { transferKeys } from './schema-transfers.ts';

const hostPort = z
  .string()
  .max(255)
  .refine((text) => parseHostPort(text) !== undefined, {
    error: 'a host is expected, with a port if it needs one: sip.carrier.example or 203.0.113.10:5060',
  });

const target = z.strictObject({
  address: hostPort.meta({ description: 'Host, with a port if it needs one.' }),
  priority: z.int().min(0).max(65_535).default(10).meta({ description: 'Lower ones are tried first.' }),
  weight: z.int().min(1).max(65_535).default(10).meta({
    description: 'Of those with the same priority, how often this one is the first.',
  }),
});

const registration = z.strictObject({
  domain: hostPort.optional().meta({ description: 'Domain that we register at; absent: `address`.' }),
  user: z
    .string()
    .regex(/^[A-Za-z0-9+*#._-]{1,64}$/, { error: 'a user is 1 to 64 of A-Z a-z 0-9 + * # . _ -' })
    .optional()
    .meta({ description: 'User that we register, often the main number; absent: `auth_username`.' }),
  expires: duration
    .prefault('1h')
    .meta({ description: 'How long a registration shall hold; the carrier\u2019s answer decides.' }),
  retry: duration.prefault('10s').meta({ description: 'First wait after a failure; it doubles each time.' }),
  max_retry: duration.prefault('10m').meta({ description: 'Longest wait between two attempts.' }),
});

const format = z.enum(['+e164', 'e164', 'national']).default('+e164');

const numberKeys = {
  number_format: format.meta({
    description:
      'How called numbers are written to the carrier: `+e164` is +60312345678, `e164` 60312345678, `national` 0312345678 as it is dialled in `country`.',
  }),
  caller_format: format.meta({ description: 'The same for the number that calls, in From.' }),
  tech_prefix: z
    .string()
    .regex(/^[0-9*#]{0,16}$/, { error: 'at most 16 of 0-9 * # are expected' })
    .default('')
    .meta({ description: 'Digits before each called number by which the carrier knows the customer.' }),
  allowed_countries: z
    .union([z.literal('all'), z.array(country).max(250)])
    .optional()
    .meta({
      description:
        'Countries that may be called, as ISO 3166 codes, or `all`. Absent: only `country`; without that no international number at all, only extensions, short codes and names.',
    }),
};

const redirectKeys = {
  redirects: z.enum(['refuse', 'follow']).default('refuse').meta({
    description:
      'What a 3xx does: `refuse` ends the call, `follow` tries its Contacts, if they are hosts of this trunk or in `redirect_hosts` and the number may be called.',
  }),
  max_redirects: z.int().min(1).max(10).default(3).meta({
    description: 'Places that are tried in one call because of redirections.',
  }),
  redirect_hosts: z.array(hostPort).max(64).default([]).meta({
    description: 'Hosts besides its own that the carrier may redirect to. They never get its credentials.',
  }),
  reroute_codes: z
    .array(z.int().min(400).max(599))
    .max(64)
    .default([408, 500, 502, 503, 504])
    .meta({ description: 'Final statuses after which the next target is tried, until a phone rings.' }),
};

/** `outbound_trunks[]`: SIPOutboundTrunkInfo by LiveKit's names, and what LiveKit lacks. */
export const outboundTrunkSchema = z.strictObject({
  id: id.meta({ description: 'Id of the trunk; participants carry it as sip.trunkID.' }),
  name: z.string().max(128).default('').meta({ description: 'Name for people.' }),
  address: hostPort.meta({ description: 'The carrier\u2019s host or domain, with a port if it needs one.' }),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp').meta({ description: 'How requests are sent.' }),
  targets: z.array(target).max(32).default([]).meta({
    description:
      'Where requests are really sent, each as `{address, priority, weight}`: several hosts of the carrier, or an outbound proxy. Empty: to `address`.',
  }),
  target_timeout: duration.prefault('4s').meta({
    description: 'A target that answers nothing for so long is passed over for the next one.',
  }),
  numbers: z
    .array(number)
    .default([])
    .meta({ description: 'Numbers to call from, the first by default; empty: any.' }),
  from_host: hostPort.optional().meta({ description: 'Host of our From; absent: our own address.' }),
  identity: z.enum(['none', 'asserted', 'preferred']).default('none').meta({
    description:
      'Says who calls beside From: `asserted` in P-Asserted-Identity, `preferred` in P-Preferred-Identity (RFC 3325). Some carriers know the customer by it.',
  }),
  privacy: z.enum(['none', 'id']).default('none').meta({
    description:
      '`id`: callees are not told who calls; From is anonymous, and the carrier learns it from `identity` alone.',
  }),
  ...authKeys,
  auth_realm: realm.optional().meta({
    description:
      'Realm that the credentials are for; absent: the host of `address`. A challenge by another realm gets no answer.',
  }),
  register: registration.optional().meta({
    description:
      'Registers at the carrier, which then sends calls to where we are; see `trunks[].registration`.',
  }),
  ...headerKeys,
  media_addresses: z.array(network).default([]).meta({
    description: 'Addresses and CIDRs that its RTP comes from and goes to; empty: the address in the SDP.',
  }),
  country: country.optional().meta({ description: 'ISO 3166 code by which national numbers become E.164.' }),
  ...numberKeys,
  ...redirectKeys,
  codecs: codecList('Codecs that are offered, in this order.'),
  ...mediaTimeKeys,
  media_encryption: mediaEncryption('allowed (offered first, plain RTP on a line beside it)'),
  rtcp_mux: rtcpMux,
  ringing_timeout: duration
    .prefault('60s')
    .meta({ description: 'How long the callee\u2019s phone may ring before the call is given up.' }),
  max_call_duration: duration.prefault('24h').meta({ description: 'After this a call is ended; 0s: never.' }),
  dtmf,
  dtmf_inband: dtmfInband,
  max_calls: z.int().min(0).default(0).meta({ description: 'Calls at the same time; 0: no limit.' }),
  calls_per_second: z
    .number()
    .min(0)
    .default(0)
    .meta({ description: 'New calls per second on the long run, and as many at once; 0: no limit.' }),
  ...transferKeys,
  ...termKeys,
  health_interval: duration.prefault('0s').meta({
    description:
      'Between two OPTIONS to each target; one that does not answer gets no calls while another does. 0s: no OPTIONS.',
  }),
  keepalive_interval: duration
    .prefault('0s')
    .refine((ms) => ms === 0 || ms >= 1000, { error: 'at least 1s is expected, or 0s' })
    .meta({
      description:
        'Between two double CRLFs to its registrar and targets, which keep the mapping of a NAT or firewall (RFC 5626): 25s for most over UDP. Over TCP and TLS they are answered, and sent every 100s anyway. 0s: none over UDP.',
    }),
  health_statuses: z.enum(['any', 'success']).default('any').meta({
    description:
      'Which answers to OPTIONS say that a target is up: `any` but 408 and 503, for a refusal is a sign of life too, or `success` alone (2xx).',
  }),
});
