import { readExtensions } from './browser-codecs.ts';
import type { MediaDescription } from './parse.ts';

/** What a browser sends on one m-line in several sizes at once (RFC 8853). */
export interface Simulcast {
  /** `a=rid` ids of the streams in the order of `a=simulcast`. */
  readonly rids: readonly string[];
  /** The id of the header extension that names a packet's stream (RFC 8852). */
  readonly ridExtension: number;
}

/** RFC 8852 section 3.3: letters and digits; older browsers also have `-` and `_`. Longer than 16 fits no one-byte extension. */
const RID = /^[A-Za-z0-9_-]{1,16}$/;
const MAX_RIDS = 4;

/**
 * The simulcast that an offer's m-line sends: of alternatives the first, without those that no `a=rid` line explains.
 * Undefined when it sends one stream, or when its packets could not be told apart.
 */
export function readSimulcast(section: MediaDescription): Simulcast | undefined {
  const { simulcast } = section;
  const list =
    simulcast?.dir1 === 'send' ? simulcast.list1 : simulcast?.dir2 === 'send' ? simulcast.list2 : undefined;
  if (list === undefined) return undefined;
  const sent = new Set(
    (section.rids ?? []).filter(({ direction }) => direction === 'send').map(({ id }) => String(id)),
  );
  const rids = new Set<string>();
  for (const stream of String(list).split(';')) {
    const rid = (stream.split(',')[0] ?? '').replace(/^~/, '');
    if (RID.test(rid) && sent.has(rid) && rids.size < MAX_RIDS) rids.add(rid);
  }
  const ridExtension = readExtensions(section).rid ?? 0;
  return rids.size < 2 || ridExtension === 0 ? undefined : { rids: [...rids], ridExtension };
}

/** The lines of an answer that takes the streams (RFC 8853 section 5.3.2). */
export function writeSimulcast(lines: string[], { rids }: Simulcast): void {
  for (const rid of rids) lines.push(`a=rid:${rid} recv`);
  lines.push(`a=simulcast:recv ${rids.join(';')}`);
}
