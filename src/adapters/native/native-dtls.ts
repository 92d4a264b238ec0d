import type { Clock } from '../../base/clock.ts';
import type { Timers } from '../../base/wake-queue.ts';
import type { DtlsEngine, StartApplication } from '../../media/dtls-port.ts';
import type { Fingerprint } from '../../media/protocol.ts';
import type { Addon, DtlsAssociation, DtlsContext } from './addon.ts';
import { NativeDtlsSession } from './native-dtls-session.ts';

/** A certificate and its key in DER, the key as PKCS #8. */
export interface DtlsIdentity {
  readonly certificate: Uint8Array;
  readonly key: Uint8Array;
  readonly fingerprint: Fingerprint;
}

/** What sessions on OpenSSL need of the rest. */
export interface NativeDtlsOptions {
  readonly identity: DtlsIdentity;
  /** Repeats flights; OpenSSL measures the time itself, so that it must be the real one. */
  readonly timers: Timers;
  readonly clock: Clock;
  readonly application: StartApplication;
}

/** Makes associations of one identity; undefined where the addon cannot do DTLS. */
export function nativeAssociations(
  addon: Addon | undefined,
  identity: DtlsIdentity,
): ((role: 'server' | 'client') => DtlsAssociation) | undefined {
  const Context = addon?.DtlsContext ?? undefined;
  const Association = addon?.DtlsAssociation ?? undefined;
  if (Context === undefined || Association === undefined) return undefined;
  let context: DtlsContext;
  try {
    context = new Context(identity.certificate, identity.key);
  } catch {
    // An OpenSSL that is set up without these ciphers or curves.
    return undefined;
  }
  return (role) => new Association(context, role === 'client');
}

/** The DTLS engine on the OpenSSL inside of Node (`addon/dtls.cc`); undefined where the addon cannot. */
export function nativeDtlsEngine(
  addon: Addon | undefined,
  options: NativeDtlsOptions,
): DtlsEngine | undefined {
  const associate = nativeAssociations(addon, options.identity);
  if (associate === undefined) return undefined;
  const { identity, timers, clock, application } = options;
  return {
    by: 'openssl',
    fingerprint: identity.fingerprint,
    open: ({ send, onEvent }) =>
      new NativeDtlsSession({
        associate,
        timers,
        clock,
        application,
        send,
        onEvent,
      }),
  };
}
