import { z } from 'zod';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Section } from './settings.ts';

const messages = z.array(z.record(z.string(), z.unknown()));

const savedSchema = z.strictObject({
  version: z.literal(1),
  trunks: messages,
  outbound_trunks: messages,
  rules: messages,
});

/** LiveKit's messages in protobuf's JSON, by kind. */
export type Saved = { readonly [S in Section]: readonly unknown[] };

/** The file's text: one message on each line, so that people can read it and compare it. */
export function writeSaved(
  made: {
    readonly [S in Section]: ReadonlyMap<string, { readonly json: string }>;
  },
): string {
  const list = (section: Section) => {
    const lines = [...made[section].values()].map(({ json }) => `\n    ${json}`);
    return `  ${JSON.stringify(section)}: [${lines.join(',')}${lines.length > 0 ? '\n  ' : ''}]`;
  };
  const lists = [list('trunks'), list('outbound_trunks'), list('rules')];
  return `{\n  "version": 1,\n${lists.join(',\n')}\n}\n`;
}

/** What {@link writeSaved} wrote, or why it is not that. Nothing of the text is in the error: there are passwords in it. */
export function readSaved(text: string): Result<Saved, readonly string[]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(['is no JSON']);
  }
  const saved = savedSchema.safeParse(json, { reportInput: false });
  if (saved.success) return ok(saved.data);
  return fail(saved.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
}
