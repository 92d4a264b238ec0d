import {
  SIPHeaderOptions,
  type SIPInboundTrunkInfo,
  SIPMediaEncryption,
  type SIPOutboundTrunkInfo,
  SIPTransport,
} from '@livekit/protocol';
import { ok, type Result } from '../../base/result.ts';
import { ownSettings } from './own-settings.ts';
import type { Settings } from './settings.ts';

/** LiveKit's inbound trunk in the configuration's words. `krisp_enabled` says nothing here: there is no noise suppression. */
export function inboundSettings(info: SIPInboundTrunkInfo): Result<Settings, string> {
  const own = ownSettings('trunks', info.metadata);
  if (!own.ok) return own;
  return ok({
    ...commonSettings(info),
    numbers: info.numbers.map(plainNumber),
    allowed_addresses: info.allowedAddresses,
    allowed_numbers: info.allowedNumbers.map(plainNumber),
    auth_realm: said(info.authRealm),
    ringing_timeout: durationText(info.ringingTimeout),
    max_call_duration: durationText(info.maxCallDuration),
    ...own.value,
  });
}

/** LiveKit's outbound trunk in the configuration's words. The number `*` allows every number to call from, as no number does here. */
export function outboundSettings(info: SIPOutboundTrunkInfo): Result<Settings, string> {
  const own = ownSettings('outbound_trunks', info.metadata);
  if (!own.ok) return own;
  return ok({
    ...commonSettings(info),
    address: info.address,
    transport: TRANSPORTS[info.transport],
    numbers: info.numbers.includes('*') ? [] : info.numbers.map(plainNumber),
    country: said(info.destinationCountry),
    from_host: said(info.fromHost),
    ...own.value,
  });
}

const TRANSPORTS: Readonly<Record<SIPTransport, string | undefined>> = {
  [SIPTransport.SIP_TRANSPORT_AUTO]: undefined,
  [SIPTransport.SIP_TRANSPORT_UDP]: 'udp',
  [SIPTransport.SIP_TRANSPORT_TCP]: 'tcp',
  [SIPTransport.SIP_TRANSPORT_TLS]: 'tls',
};

const INCLUDED: Readonly<Record<SIPHeaderOptions, string>> = {
  [SIPHeaderOptions.SIP_NO_HEADERS]: 'none',
  [SIPHeaderOptions.SIP_X_HEADERS]: 'x',
  [SIPHeaderOptions.SIP_ALL_HEADERS]: 'all',
};

const ENCRYPTION: Readonly<Record<SIPMediaEncryption, string>> = {
  [SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE]: 'disabled',
  [SIPMediaEncryption.SIP_MEDIA_ENCRYPT_ALLOW]: 'allowed',
  [SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE]: 'required',
};

/** Codecs that LiveKit's trunks have beside those that are listed, unless only these are wanted. */
const USUAL_CODECS = ['PCMA', 'PCMU'];

function commonSettings(info: SIPInboundTrunkInfo | SIPOutboundTrunkInfo): Settings {
  const { media, mediaEncryption } = info;
  return {
    name: info.name,
    auth_username: said(info.authUsername),
    auth_password: said(info.authPassword),
    headers: info.headers,
    headers_to_attributes: info.headersToAttributes,
    attributes_to_headers: info.attributesToHeaders,
    include_headers: INCLUDED[info.includeHeaders],
    // The field of its own is the old one: what `media` says wins.
    media_encryption: ENCRYPTION[media?.encryption ?? mediaEncryption],
    codecs: codecs(media),
    media_timeout: durationText(media?.mediaTimeout),
  };
}

function codecs(media: SIPInboundTrunkInfo['media']): readonly string[] | undefined {
  if (media === undefined || media.codecs.length === 0) return undefined;
  const listed = media.codecs.map(({ name }) => name.toUpperCase());
  return [...new Set(media.onlyListedCodecs ? listed : [...listed, ...USUAL_CODECS])];
}

/** `30000ms`; undefined where nothing is said. A time below zero or beyond all reason is left for the schema to refuse. */
export function durationText(
  duration: { readonly seconds: bigint; readonly nanos: number } | undefined,
): string | undefined {
  if (duration === undefined) return undefined;
  return `${duration.seconds * 1000n + BigInt(Math.floor(duration.nanos / 1_000_000))}ms`;
}

/** A number without what people write into it: LiveKit leaves out blanks, hyphens and brackets. */
export function plainNumber(number: string): string {
  return /^\+?[\d\- ()]+$/.test(number) ? number.replace(/[- ()]/g, '') : number;
}

/** Empty means in protobuf that nothing was said. */
function said(text: string): string | undefined {
  return text === '' ? undefined : text;
}
