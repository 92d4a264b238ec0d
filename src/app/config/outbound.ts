import { parseHostPort } from '../../sip/uri.ts';
import type { OutboundTrunk, Target } from '../../trunk/outbound.ts';
import type { Config, OutboundTrunkConfig } from './schema.ts';
import { termsOf } from './terms.ts';
import { headerMaps, mediaTimes, transferPolicy } from './trunks.ts';

/** The configuration's outbound trunks, as the trunk folder has them. */
export function outboundTrunks(config: Config): readonly OutboundTrunk[] {
  return config.outbound_trunks.map((trunk) => ({ ...outboundTrunk(trunk), terms: termsOf(trunk, config) }));
}

function outboundTrunk(trunk: OutboundTrunkConfig): OutboundTrunk {
  const targets =
    trunk.targets.length > 0 ? trunk.targets : [{ address: trunk.address, priority: 10, weight: 10 }];
  const { auth_username: username, auth_password: password } = trunk;
  return {
    id: trunk.id,
    name: trunk.name,
    domain: trunk.address,
    targets: targets.map(({ address, priority, weight }): Target => {
      const { host, port } = hostPortOf(address);
      return { host, port, transport: trunk.transport, priority, weight };
    }),
    numbers: trunk.numbers,
    fromHost: trunk.from_host,
    callerIdentity: { header: trunk.identity, privacy: trunk.privacy },
    account:
      username === undefined || password === undefined
        ? undefined
        : { username, password, realms: [trunk.auth_realm ?? hostPortOf(trunk.address).host] },
    headers: headerMaps(trunk),
    mediaAddresses: trunk.media_addresses,
    mediaEncryption: trunk.media_encryption,
    rtcpMux: trunk.rtcp_mux,
    ...mediaTimes(trunk),
    country: trunk.country,
    numberFormat: trunk.number_format,
    callerFormat: trunk.caller_format,
    techPrefix: trunk.tech_prefix,
    // Fail closed: nobody's credentials may call the whole world unless somebody wrote that down.
    allowedCountries: trunk.allowed_countries ?? (trunk.country === undefined ? [] : [trunk.country]),
    redirects:
      trunk.redirects === 'refuse'
        ? { do: 'refuse' }
        : {
            do: 'follow',
            max: trunk.max_redirects,
            hosts: trunk.redirect_hosts.map((each) => hostPortOf(each).host),
          },
    rerouteCodes: trunk.reroute_codes,
    codecs: trunk.codecs,
    ringingTimeoutMs: trunk.ringing_timeout,
    targetTimeoutMs: trunk.target_timeout,
    maxCallDurationMs: trunk.max_call_duration,
    maxCalls: trunk.max_calls,
    callsPerSecond: trunk.calls_per_second,
    dtmf: trunk.dtmf,
    enabled: trunk.enabled,
    healthStatuses: trunk.health_statuses,
    transfers: transferPolicy(trunk),
    dtmfInband: trunk.dtmf_inband,
    healthIntervalMs: trunk.health_interval,
    keepAliveMs: trunk.keepalive_interval,
    register:
      trunk.register === undefined
        ? undefined
        : {
            domain: trunk.register.domain ?? trunk.address,
            user: trunk.register.user ?? trunk.auth_username ?? '',
            expiresMs: trunk.register.expires,
            retryMs: trunk.register.retry,
            maxRetryMs: trunk.register.max_retry,
          },
  };
}

function hostPortOf(text: string): { host: string; port: number | undefined } {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new Error('the schema lets nothing pass that is no host');
  return parsed;
}
