import type { CertificateFiles } from './certificates.ts';

/** Where Debian keeps Kamailio's modules, by architecture. */
export const KAMAILIO_MODULES = [
  '/usr/lib/x86_64-linux-gnu/kamailio/modules',
  '/usr/lib/aarch64-linux-gnu/kamailio/modules',
];

export interface KamailioAccount {
  readonly user: string;
  readonly password: string;
}

export interface KamailioTls {
  readonly certificate: CertificateFiles;
  /** File of the authority that both ends' certificates are signed by. */
  readonly authority: string;
  /** DNS name that the certificate of who connects must speak for. */
  readonly peer: string;
}

export interface KamailioOptions {
  /** Address of 127.0.0.0/8 to listen on: two proxies are two hosts. */
  readonly address?: string;
  /** What calls from phones are sent on to, `host:port`; registered contacts come first. */
  readonly downstream?: string;
  /** Who must prove himself: REGISTER of anybody, and INVITEs from `guarded`. */
  readonly account?: KamailioAccount;
  /** Port of the peer whose INVITEs go to `upstream`, `host:port`, once it has proved itself. */
  readonly upstream?: string;
  /** TLS, on the port beside; both ends show certificates. */
  readonly tls?: KamailioTls;
}

/** The configuration of a proxy on `port`, and on the next for TLS, which finds its `tls.cfg` in `folder`. */
export function configuration(
  options: KamailioOptions,
  address: string,
  port: number,
  folder: string,
): string {
  const { account, downstream, upstream, tls } = options;
  const auth = account === undefined ? '' : challenge(account);
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
disable_tcp=no
dns=no
rev_dns=no
listen=udp:${address}:${port}
listen=tcp:${address}:${port}
${tls === undefined ? '' : `enable_tls=yes\nlisten=tls:${address}:${port + 1}`}
mpath="${KAMAILIO_MODULES.join(':')}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
${tls === undefined ? '' : `loadmodule "tls.so"\nmodparam("tls", "config", "${folder}/tls.cfg")`}
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)
modparam("rr", "append_fromtag", 1)
modparam("tm", "fr_timer", 4000)
modparam("registrar", "max_expires", 3600)

event_route[core:worker-one-init] { xlog("L_ALERT", "READY-FOR-CALLS\\n"); }

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
${tls === undefined ? '' : onlyFrom(tls.peer)}
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) {
      xlog("L_ALERT", "IN-DIALOG $rm from $sp loose\\n");
      t_relay();
    } else if (is_method("ACK")) {
      if (t_check_trans()) t_relay();
    } else {
      xlog("L_ALERT", "IN-DIALOG $rm from $sp lost\\n");
      sl_send_reply("404", "No route");
    }
    exit;
  }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  t_check_trans();
  if (is_method("REGISTER")) {
${auth}
    if (!save("location")) sl_reply_error();
    xlog("L_ALERT", "REGISTERED $ct\\n");
    exit;
  }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  record_route();
${
  upstream === undefined
    ? ''
    : `  if ($hdr(User-Agent) =~ "trunkroom") {
${auth}
    remove_hf("Proxy-Authorization");
    xlog("L_ALERT", "OUTBOUND $rU\\n");
    $du = "sip:${upstream}";
    t_relay();
    exit;
  }
`
}
  if (lookup("location")) { xlog("L_ALERT", "INBOUND $ru\\n"); t_relay(); exit; }
${
  downstream === undefined
    ? '  sl_send_reply("480", "Nobody registered");'
    : `  $du = "sip:${downstream}";
  t_relay();`
}
}
`;
}

/** One account in the configuration itself: no database. */
function challenge({ user, password }: KamailioAccount): string {
  return `    if (!pv_auth_check("carrier.example", "${password}", "0", "0") || $au != "${user}") {
      auth_challenge("carrier.example", "0");
      exit;
    }`;
}

/** Over TLS the certificate must be the peer's, by its subjectAltName. */
function onlyFrom(peer: string): string {
  return `  if (proto == TLS) {
    if ($tls_peer_verified != 1 || $tls_peer_san_hostname != "${peer}") {
      xlog("L_ALERT", "FOREIGN $tls_peer_san_hostname\\n");
      sl_send_reply("403", "Not You");
      exit;
    }
    xlog("L_ALERT", "SECURE $rm $tls_version\\n");
  }`;
}

/** Both as server and as client: a certificate that the authority has signed is asked for and shown. */
export function tlsConfiguration({ certificate, authority }: KamailioTls): string {
  const common = `method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = ${certificate.key}
certificate = ${certificate.certificate}
ca_list = ${authority}
`;
  return `[server:default]\n${common}\n[client:default]\n${common}`;
}
