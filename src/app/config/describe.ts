import { z } from 'zod';
import { variableOf } from './environment.ts';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that the configuration's has. */
interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

/** One key, as documents show it. */
export interface KeyDescription {
  /** `sip.port`, `trunks[].numbers`, `rules[].direct.room_name`. */
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly need: 'required' | 'optional' | 'defaulted';
  readonly fallback: unknown;
  readonly description: string;
  /** The variable that sets it; undefined inside of lists. */
  readonly variable: string | undefined;
}

/** One section of the file. A section without keys of its own is a key itself (`keys`, `key_file`). */
export interface SectionDescription {
  readonly name: string;
  readonly description: string;
  readonly kind: 'section' | 'list' | 'value';
  readonly keys: readonly KeyDescription[];
}

/** The JSON schema of the file as it is written, for editors. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(configSchema, { io: 'input' }), title: 'trunkroom configuration' };
}

/** All sections in the schema's order. */
export function describeConfig(): readonly SectionDescription[] {
  const root = jsonSchema() as JsonSchema;
  return Object.entries(root.properties ?? {}).map(([name, section]): SectionDescription => {
    const description = section.description ?? '';
    const item = section.items;
    if (item?.properties !== undefined)
      return { name, description, kind: 'list', keys: keysOf(item, `${name}[]`, []) };
    if (section.properties !== undefined)
      return { name, description, kind: 'section', keys: keysOf(section, name, [name]) };
    return { name, description, kind: 'value', keys: [keyOf(name, section, name, [name], root)] };
  });
}

function keysOf(schema: JsonSchema, prefix: string, variable: readonly string[]): KeyDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, key]) => {
    const path = `${prefix}.${name}`;
    const one = keyOf(path, key, name, variable.length > 0 ? [...variable, name] : [], schema);
    return key.properties === undefined ? [one] : [one, ...keysOf(key, path, [])];
  });
}

function keyOf(
  path: string,
  schema: JsonSchema,
  name: string,
  variable: readonly string[],
  parent: JsonSchema,
): KeyDescription {
  const isRequired = parent.required?.includes(name) === true;
  return {
    path,
    name,
    type: typeOf(schema),
    need: isRequired ? 'required' : schema.default === undefined ? 'optional' : 'defaulted',
    fallback: schema.default,
    description: schema.description ?? '',
    variable: variable.length > 0 ? variableOf(variable) : undefined,
  };
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum !== undefined) return schema.enum.map(String).join(', ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.type === 'object') return 'map';
  return schema.type ?? 'any';
}
