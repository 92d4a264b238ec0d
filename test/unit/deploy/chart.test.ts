/** What the chart makes is what Kubernetes, its Gateway API and STUNner take, whatever values it is given. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  chartObjects,
  defaultValues,
  objectsIn,
  overlaid,
  plainManifests,
  valuesSchema,
  type YamlMap,
} from '../../support/chart.ts';
import { schemaFaults } from '../../support/kubernetes-schemas.ts';
import { repositoryRoot } from '../../support/root.ts';
import { chartVariants } from './variants.ts';

const values = z.fromJSONSchema(valuesSchema());

/** Objects of a kind by their names. */
function ofKind(objects: readonly YamlMap[], kind: string): Map<string, YamlMap> {
  const named = objects.filter((object) => object['kind'] === kind);
  return new Map(named.map((object) => [String((object['metadata'] as YamlMap)['name']), object]));
}

/** Labels that all pods of the chart have. */
function podLabels(objects: readonly YamlMap[]): YamlMap {
  const [deployment] = ofKind(objects, 'Deployment').values();
  return (deployment as { spec: { template: { metadata: { labels: YamlMap } } } }).spec.template.metadata
    .labels;
}

describe.each(Object.entries(chartVariants))('%s', (_, given) => {
  const objects = chartObjects(given);

  test('its values pass their schema', () => {
    expect(values.safeParse(overlaid(defaultValues(), given)).error?.issues ?? []).toEqual([]);
  });

  test('every object passes its schema, and each has a name of its own', () => {
    expect(objects.flatMap((object) => schemaFaults(object))).toEqual([]);
    const names = objects.map((object) => `${object['kind']} ${(object['metadata'] as YamlMap)['name']}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('what refers to something refers to what is there', () => {
    const services = ofKind(objects, 'Service');
    const gateways = ofKind(objects, 'Gateway');
    const labels = podLabels(objects);
    for (const { spec } of services.values() as Iterable<YamlMap & { spec: { selector: YamlMap } }>)
      expect(labels).toMatchObject(spec.selector);
    for (const route of ofKind(objects, 'UDPRoute').values()) {
      const { parentRefs, rules } = route['spec'] as {
        parentRefs: { name: string; namespace?: string }[];
        rules: { backendRefs: { name: string; port: number; endPort: number }[] }[];
      };
      const own = parentRefs.filter(({ namespace }) => namespace === undefined).map(({ name }) => name);
      expect([...gateways.keys()]).toEqual(own);
      const policy = JSON.stringify([...ofKind(objects, 'NetworkPolicy').values()]);
      for (const { name } of parentRefs)
        expect(policy).toContain(`"stunner.l7mp.io/related-gateway-name":"${name}"`);
      for (const { name, port, endPort } of rules.flatMap(({ backendRefs }) => backendRefs)) {
        const { ports } = (services.get(name)?.['spec'] ?? { ports: [] }) as { ports: { port: number }[] };
        expect(ports.map((each) => each.port)).toEqual(
          Array.from({ length: endPort - port + 1 }, (_, index) => port + index),
        );
      }
    }
    const known = [...services.keys()];
    for (const text of JSON.stringify([
      ...ofKind(objects, 'Ingress').values(),
      ...ofKind(objects, 'HTTPRoute').values(),
    ]).matchAll(/"name":"([a-z-]+-http)"/g))
      expect(known).toContain(text[1]);
  });

  test('names of ports are short enough and stand once in each Service', () => {
    for (const { spec } of ofKind(objects, 'Service').values() as Iterable<
      YamlMap & { spec: { ports: { name: string }[] } }
    >) {
      const names = spec.ports.map(({ name }) => name);
      expect(names.filter((name) => !/^(?=.*[a-z])[a-z0-9-]{1,15}$/.test(name))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

test('a misspelt key, a wrong type and a missing key are found', () => {
  const [service] = ofKind(chartObjects(), 'Service').values();
  const spec = service?.['spec'] as YamlMap;
  expect(schemaFaults({ ...service, spec: { ...spec, externalTraficPolicy: 'Local' } })).toEqual([
    '/spec/externalTraficPolicy: no schema knows it',
  ]);
  expect(schemaFaults({ ...service, spec: { ...spec, ports: [{ port: '5060' }] } })).not.toEqual([]);
  const [route] = ofKind(chartObjects(), 'UDPRoute').values();
  expect(schemaFaults({ ...route, spec: { parentRefs: [], ruls: [] } })).toEqual([
    expect.stringMatching(/^spec.rules: /),
    expect.stringMatching(/ruls/),
  ]);
  expect(schemaFaults({ apiVersion: 'v2', kind: 'Service' })).toEqual(['there is no schema of v2 Service']);
});

test.each([
  [{ phones: { wai: 'pod' } }],
  [{ phones: { way: 'ingress' } }],
  [{ browsers: { workers: 0 } }],
  [{ apiKeys: { keys: { short: 'secret' } } }],
  [{ config: { keys: { mine: 'a-secret-that-would-stand-in-a-ConfigMap' } } }],
  [{ config: { turn_servers: [] } }],
])('values %j are refused', (given) => {
  expect(values.safeParse(overlaid(defaultValues(), given)).success).toBe(false);
});

test('deploy/kubernetes is what the chart makes with its default values', () => {
  const folder = `${repositoryRoot}deploy/kubernetes/`;
  const written = readdirSync(folder).map((file): [string, string] => [
    file,
    readFileSync(folder + file, 'utf8'),
  ]);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(plainManifests()));
  expect(written.flatMap(([, text]) => objectsIn(text))).toEqual(chartObjects());
});
