import type { ListUpdate, SIPMediaConfig } from '@livekit/protocol';
import { fail, ok, type Result } from '../../base/result.ts';

/** A list as LiveKit's ListUpdate changes it: set, cleared, or with some taken out and others put in. Undefined: nothing was said. */
export function updatedList(
  list: readonly string[],
  update: ListUpdate | undefined,
): Result<string[], string> {
  if (update === undefined) return ok([...list]);
  const { add, clear, remove, set } = update;
  const changes = add.length + remove.length;
  if (!clear && set.length + changes === 0) return fail('unsupported list update operation');
  if (clear && set.length + changes > 0) return fail('cannot clear and change the list at the same time');
  if (set.length > 0 && changes > 0) return fail('cannot set and change the list at the same time');
  if ([...set, ...add, ...remove].includes('')) return fail('empty element in the list');
  if (clear) return ok([]);
  if (set.length > 0) return ok([...set]);
  const left = list.filter((each) => !remove.includes(each));
  return ok([...new Set([...left, ...add])]);
}

/** Attributes with some changed; an empty value takes one out. */
export function updatedMap(
  map: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = Object.entries({ ...map, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

interface Media {
  readonly media?: SIPMediaConfig | undefined;
  readonly mediaEncryption?: number | undefined;
}

/** `media` and the field of its own that is older: whichever is said, both say the same then. */
export function updatedMedia<T extends Media>(before: T, said: Media): Pick<T, 'media' | 'mediaEncryption'> {
  const { media = before.media, mediaEncryption = before.mediaEncryption } = said;
  // An update of the old field alone must not be undone by what `media` has said before.
  if (said.media === undefined && said.mediaEncryption !== undefined && media !== undefined) {
    const changed = media.clone();
    changed.encryption = said.mediaEncryption;
    return { media: changed, mediaEncryption };
  }
  return { media, mediaEncryption: said.media?.encryption ?? mediaEncryption };
}
