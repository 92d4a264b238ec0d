/** Names of fields that never show, should one be logged by mistake; on the first two levels. */
const SECRET_FIELDS = new Set([
  'secret',
  'password',
  'pwd',
  'token',
  'authorization',
  'credential',
  'key',
  'digit',
  'pin',
]);
export const HIDDEN = '[hidden]';

type Fields = Record<string, unknown>;

/** Whether a field of this name may not show. */
export function isSecret(name: string): boolean {
  return SECRET_FIELDS.has(name);
}

/** Fields as they may show: themselves, where nothing is to be hidden. pino's own redaction costs more than the line. */
export function hidden(fields: Fields): Fields {
  return shown(fields, hiddenWithin);
}

/** An object within fields, as it may show. */
export function hiddenWithin(value: object): object {
  return shown(value as Fields, (deeper) => deeper);
}

function shown(fields: Fields, inner: (value: object) => object): Fields {
  let copy: Fields | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const may = isSecret(name) ? HIDDEN : isObject(value) ? inner(value) : value;
    if (may === value) continue;
    copy ??= { ...fields };
    copy[name] = may;
  }
  return copy ?? fields;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
