/** STUNner's own kinds, as their CRDs have them (stunner.l7mp.io/v1), without what its operator writes. */
import { z } from 'zod';

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const namespace = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const strings = z.record(z.string(), z.string());
const metadata = z.strictObject({
  name,
  namespace: namespace.optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
});
const port = z.int().min(1).max(65535);
const credential = z.string().regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/);

const gatewayConfig = z.strictObject({
  apiVersion: z.literal('stunner.l7mp.io/v1'),
  kind: z.literal('GatewayConfig'),
  metadata,
  spec: z.strictObject({
    dataplane: z.string().optional(),
    logLevel: z.string().optional(),
    realm: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
      .optional(),
    authRef: z
      .strictObject({
        group: z.literal('').optional(),
        kind: z.literal('Secret').optional(),
        name,
        namespace: namespace.optional(),
      })
      .optional(),
    authType: z.enum(['plaintext', 'static', 'longterm', 'ephemeral', 'timewindowed']).optional(),
    authLifetime: z.int().optional(),
    userName: credential.optional(),
    password: credential.optional(),
    sharedSecret: z.string().optional(),
    loadBalancerServiceAnnotations: strings.optional(),
    stunMode: z.boolean().optional(),
    userQuota: z.int().optional(),
  }),
});

const udpRoute = z.strictObject({
  apiVersion: z.literal('stunner.l7mp.io/v1'),
  kind: z.literal('UDPRoute'),
  metadata,
  spec: z.strictObject({
    parentRefs: z
      .array(
        z.strictObject({
          group: z.string().optional(),
          kind: z.string().optional(),
          name,
          namespace: namespace.optional(),
          port: port.optional(),
          sectionName: name.optional(),
        }),
      )
      .max(32)
      .optional(),
    rules: z
      .array(
        z.strictObject({
          backendRefs: z
            .array(
              z.strictObject({
                group: z.string().optional(),
                kind: z.enum(['Service', 'StaticService']).optional(),
                name,
                namespace: namespace.optional(),
                port: port.optional(),
                endPort: port.optional(),
              }),
            )
            .min(1)
            .max(16)
            .optional(),
        }),
      )
      .min(1)
      .max(16),
  }),
});

/** By kind. */
export const stunnerKinds = { GatewayConfig: gatewayConfig, UDPRoute: udpRoute } as const;
