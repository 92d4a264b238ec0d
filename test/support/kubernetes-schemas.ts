/**
 * Checks objects by the schemas that Kubernetes and its Gateway API publish, and by those of STUNner. The published ones
 * let unknown keys pass, as an API server without strict validation does: here a key that no schema has looked at is a
 * fault, too.
 */

import { validate as gateway } from '@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1Gateway';
import { validate as gatewayClass } from '@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1GatewayClass';
import { validate as httpRoute } from '@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1HTTPRoute';
import { validate as deployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as configMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap';
import { validate as secret } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Secret';
import { validate as service } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { validate as ingress } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress';
import { validate as networkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy';
import { validate as podDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget';
import type { YamlMap } from './chart.ts';
import { stunnerKinds } from './stunner-kinds.ts';

interface Fault {
  readonly instancePath: string;
  readonly message?: string;
  readonly keyword: string;
  readonly params: unknown;
}
/** As the packages have it, whose types leave `errors` out. */
type Validate = ((object: unknown) => boolean) & { readonly errors?: readonly Fault[] | null };

const PUBLISHED: Readonly<Record<string, Validate>> = {
  'apps/v1 Deployment': deployment,
  'v1 ConfigMap': configMap,
  'v1 Secret': secret,
  'v1 Service': service,
  'networking.k8s.io/v1 Ingress': ingress,
  'networking.k8s.io/v1 NetworkPolicy': networkPolicy,
  'policy/v1 PodDisruptionBudget': podDisruptionBudget,
  'gateway.networking.k8s.io/v1 Gateway': gateway,
  'gateway.networking.k8s.io/v1 GatewayClass': gatewayClass,
  'gateway.networking.k8s.io/v1 HTTPRoute': httpRoute,
};

/** What is wrong with an object, in words; empty when nothing is. */
export function schemaFaults(object: YamlMap): string[] {
  const kind = `${String(object['apiVersion'])} ${String(object['kind'])}`;
  const own = /^stunner\.l7mp\.io\/v1 (.+)$/.exec(kind)?.[1] ?? '';
  if (own in stunnerKinds) {
    const { error } = stunnerKinds[own as keyof typeof stunnerKinds].safeParse(object);
    return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  }
  const validate = PUBLISHED[kind];
  if (validate === undefined) return [`there is no schema of ${kind}`];
  const unread = new Set<string>();
  const valid = validate(watched(object, '', unread));
  const faults = (valid ? [] : (validate.errors ?? [])).map(
    ({ instancePath, message, keyword, params }) =>
      `${instancePath}: ${message ?? keyword} ${JSON.stringify(params)}`,
  );
  return [...faults, ...[...unread].map((path) => `${path}: no schema knows it`)];
}

/** The same object, which crosses out of `unread` what somebody reads. */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value) ? [] : {};
  for (const [key, item] of Object.entries(value)) {
    unread.add(`${path}/${key}`);
    Reflect.set(copy, key, watched(item, `${path}/${key}`, unread));
  }
  return new Proxy(copy, {
    get(target, key, receiver): unknown {
      if (typeof key === 'string') unread.delete(`${path}/${key}`);
      return Reflect.get(target, key, receiver);
    },
  });
}
