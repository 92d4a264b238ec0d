/**
 * The chart in deploy/helm, rendered without Helm: the functions of Sprig that its templates use, and YAML 1.1, as
 * Kubernetes reads it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { isTrue, type TemplateFunction, TemplateSet, type Value } from './go-template.ts';
import { repositoryRoot } from './root.ts';

const CHART = `${repositoryRoot}deploy/helm/trunkroom/`;
const TEMPLATES = `${CHART}templates/`;

/** A map out of YAML. */
export type YamlMap = Record<string, Value>;

const functions: Readonly<Record<string, TemplateFunction>> = {
  default: (otherwise, value) => (isTrue(value) ? value : otherwise),
  quote: (value) => JSON.stringify(String(value)),
  toYaml: (value) => stringify(value, { version: '1.1', sortMapEntries: true, lineWidth: 0 }).trimEnd(),
  toJson: (value) => JSON.stringify(value),
  indent: (width, text) => String(text).replaceAll(/^(?=.)/gm, ' '.repeat(Number(width))),
  nindent: (width, text) => `\n${String(text).replaceAll(/^(?=.)/gm, ' '.repeat(Number(width)))}`,
  trunc: (length, text) => String(text).slice(0, Number(length)),
  trimSuffix: (end, text) =>
    String(text).endsWith(String(end)) ? String(text).slice(0, -String(end).length) : text,
  printf: (format, ...values) => values.reduce((text: Value, value) => print(text, value), format),
  join: (by, list) => (list as Value[]).join(String(by)),
  sha256sum: (text) => createHash('sha256').update(String(text)).digest('hex'),
  int: (value) => Math.trunc(Number(value)),
  add: (...values) => values.reduce((sum: number, value) => sum + Number(value), 0),
  untilStep: (from, to, step) =>
    Array.from(
      { length: Math.max(0, Math.ceil((Number(to) - Number(from)) / Number(step))) },
      (_, index) => Number(from) + index * Number(step),
    ),
  eq: (a, ...others) => others.includes(a),
  not: (value) => !isTrue(value),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
};

function print(format: Value, value: Value): string {
  const text = String(format);
  if (!text.includes('%s')) throw new Error(`printf knows %s alone: ${text}`);
  return text.replace('%s', () => String(value));
}

/** What `helm install NAME chart --namespace NAMESPACE` is told. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** What stands in values.yaml. */
export function defaultValues(): YamlMap {
  return parse(readFileSync(`${CHART}values.yaml`, 'utf8'), { version: '1.1' }) as YamlMap;
}

/** values.schema.json. */
export function valuesSchema(): YamlMap {
  return JSON.parse(readFileSync(`${CHART}values.schema.json`, 'utf8')) as YamlMap;
}

/** Values on top of others: maps are merged, all else replaced, as by `helm -f`. */
export function overlaid(below: Value, above: Value): Value {
  if (!isMap(below) || !isMap(above)) return above;
  const merged: YamlMap = { ...below };
  for (const [key, value] of Object.entries(above))
    merged[key] = key in below ? overlaid(below[key], value) : value;
  return merged;
}

/** Text of each template that gives any, by its file's name, with `values` on top of values.yaml. */
export function renderChart(
  release: Release,
  values: Readonly<Record<string, Value>> = {},
): Map<string, string> {
  const chart = parse(readFileSync(`${CHART}Chart.yaml`, 'utf8')) as YamlMap;
  const templates = new TemplateSet(functions);
  const files = readdirSync(TEMPLATES).sort();
  for (const file of files) templates.add(file, readFileSync(TEMPLATES + file, 'utf8'));
  const data = {
    Values: overlaid(defaultValues(), values),
    Release: { Name: release.name, Namespace: release.namespace },
    Chart: { Name: chart['name'], Version: chart['version'], AppVersion: chart['appVersion'] },
  };
  const rendered = files.flatMap((file): [string, string][] =>
    file.startsWith('_') ? [] : [[file, templates.render(file, data)]],
  );
  return new Map(rendered.filter(([, text]) => text.trim() !== ''));
}

/** The objects in YAML text. Throws for what is not YAML, and for a key that stands twice. */
export function objectsIn(text: string): YamlMap[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    const [error] = 'errors' in document ? document.errors : [];
    if (error !== undefined) throw error;
    const object = document.toJS() as YamlMap | null;
    return object === null ? [] : [object];
  });
}

/** All objects that the chart makes with `values`, but the notes. */
export function chartObjects(
  values: Readonly<Record<string, Value>> = {},
  release: Release = { name: 'trunkroom', namespace: 'trunkroom' },
): YamlMap[] {
  return [...renderChart(release, values)].flatMap(([file, text]) =>
    file.endsWith('.yaml') ? objectsIn(text) : [],
  );
}

function isMap(value: Value): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What deploy/kubernetes holds, by file: what the chart makes with values.yaml, in the namespace `trunkroom`. */
export function plainManifests(): Map<string, string> {
  const rendered = [...renderChart({ name: 'trunkroom', namespace: 'trunkroom' })];
  const header = '# Rendered from deploy/helm/trunkroom by `npm run deploy:render`.\n';
  return new Map(
    rendered.flatMap(([file, text]): [string, string][] =>
      file.endsWith('.yaml') ? [[file, `${header}${text.trim()}\n`]] : [],
    ),
  );
}
