import type { ExtraHeaders, HeaderReader } from '../sip/ports.ts';
import type { HeaderMaps } from './trunk.ts';

/** Characters of one header that become an attribute; a longer one is left out rather than cut: half a token is none. */
const MAX_VALUE = 8192;
/** Headers that are included besides those that are mapped by name. */
const MAX_INCLUDED = 64;

/** What a stranger's header may be called to become part of an attribute's name. */
const NAME = /^[A-Za-z0-9-]{1,64}$/;
/** An attribute's value in a header must stay on its line. */
const PRINTABLE = /^[^\p{Cc}]{0,1024}$/u;

/** Headers that say how a message is carried and not what it is about; none of them is anybody's business in a room. */
const TRANSPORT = new Set(
  [
    'via from to call-id cseq contact max-forwards content-length content-type content-encoding route record-route',
    'authorization proxy-authorization www-authenticate proxy-authenticate allow supported require proxy-require',
    'accept accept-encoding accept-language session-expires min-se expires rseq rack timestamp identity',
    'event subscription-state refer-to refer-sub referred-by replaces',
    // Who they are is decided by the trunk's setting, and hidden where that is asked for.
    'p-asserted-identity p-preferred-identity remote-party-id diversion history-info p-called-party-id',
  ]
    .join(' ')
    .split(' '),
);

/**
 * Attributes out of the headers of an INVITE or of the 200 that answered ours: those of `headers_to_attributes`, those
 * of `include_headers` as `sip.h.<name>`, and Identity (RFC 8224) always, whole, as `sip.h.identity`.
 */
export function attributesOf(message: HeaderReader, maps: HeaderMaps): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const put = (attribute: string, header: string) => {
    const value = message.headers(header).join(', ');
    if (value !== '' && value.length <= MAX_VALUE) attributes.set(attribute, value);
  };
  if (maps.includeHeaders !== 'none') {
    const names = new Set(message.headerNames.map((name) => name.toLowerCase()));
    const included = [...names].filter((name) => isIncluded(name, maps.includeHeaders));
    for (const name of included.slice(0, MAX_INCLUDED)) put(`sip.h.${name}`, name);
  }
  put('sip.h.identity', 'identity');
  for (const header in maps.headersToAttributes) put(maps.headersToAttributes[header]!, header);
  return attributes;
}

/** The attributes of a response to our INVITE: none of them says what only the gateway may. */
export function responseAttributes(message: HeaderReader, maps: HeaderMaps): ReadonlyMap<string, string> {
  const said = [...attributesOf(message, maps)];
  return new Map(said.filter(([name]) => !name.startsWith('sip.') || name.startsWith('sip.h.')));
}

/** Headers of ours: the fixed ones, and those made of the participant's attributes, which win. */
export function headersOf(maps: HeaderMaps, attributes: ReadonlyMap<string, string>): ExtraHeaders {
  const made: [string, string][] = [];
  for (const attribute in maps.attributesToHeaders) {
    const value = attributes.get(attribute);
    if (value !== undefined && PRINTABLE.test(value))
      made.push([maps.attributesToHeaders[attribute]!, value]);
  }
  const fixed = fixedHeaders(maps.headers);
  // A Map keeps a header's place and takes the later value.
  return made.length === 0 ? fixed : [...new Map([...fixed, ...made])];
}

/** A trunk's fixed headers as they go out, which never change. */
const written = new WeakMap<HeaderMaps['headers'], ExtraHeaders>();

function fixedHeaders(headers: HeaderMaps['headers']): ExtraHeaders {
  const known = written.get(headers);
  if (known !== undefined) return known;
  const made = Object.entries(headers);
  written.set(headers, made);
  return made;
}

/** Whether a text may be a header's value: it stays on its line. */
export function isHeaderValue(text: string): boolean {
  return PRINTABLE.test(text);
}

/** Whether configuration may set this header: SIP's own would break the message or the trust in it. */
export function mayBeSet(name: string): boolean {
  return NAME.test(name) && !TRANSPORT.has(name.toLowerCase());
}

function isIncluded(name: string, which: HeaderMaps['includeHeaders']): boolean {
  if (!NAME.test(name) || TRANSPORT.has(name)) return false;
  return which === 'all' || name.startsWith('x-');
}
