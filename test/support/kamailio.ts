import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { Child } from './child.ts';
import { freePortBlock } from './free-ports.ts';
import { newWorkspace } from './workspace.ts';

/** Where Debian keeps Kamailio's modules, by architecture. */
const MODULES = '/usr/lib/x86_64-linux-gnu/kamailio/modules:/usr/lib/aarch64-linux-gnu/kamailio/modules';

export interface KamailioAccount {
  readonly user: string;
  readonly password: string;
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
}

/** Kamailio on loopback, UDP and TCP, as a carrier's proxy: Record-Route, and a registrar that keeps its bindings in memory. */
export class Kamailio {
  readonly address: string;
  readonly port: number;
  readonly child: Child;

  private constructor(address: string, port: number, child: Child) {
    this.address = address;
    this.port = port;
    this.child = child;
  }

  static async start(options: KamailioOptions = {}): Promise<Kamailio> {
    const { address = '127.0.0.1' } = options;
    const port = await freePortBlock(2);
    const folder = newWorkspace('kamailio');
    mkdirSync(`${folder}/run`);
    // Kamailio drops root for nobody, but must keep its files here.
    chmodSync(folder, 0o755);
    writeFileSync(`${folder}/kamailio.cfg`, configuration(options, address, port));
    const child = new Child('kamailio', 'kamailio', [
      ...['-f', `${folder}/kamailio.cfg`, '-Y', `${folder}/run`, '-P', `${folder}/run/pid`],
      // In the foreground, its log on standard error; little shared memory.
      ...['-DD', '-E', '-e', '-m', '32', '-M', '8', '-n', '2', '-N', '2'],
    ]);
    await child.waitForOutput(/READY-FOR-CALLS/, 15_000).catch(async (error: unknown) => {
      await child.stop();
      throw error;
    });
    return new Kamailio(address, port, child);
  }

  /** What it logged of messages that came through in a dialog: `METHOD from PORT loose`. */
  get inDialog(): string[] {
    return [...this.child.output.matchAll(/IN-DIALOG (.*)$/gm)].map(([, line]) => line!);
  }

  /** INVITEs of a gateway that proved itself. */
  get placed(): number {
    return [...this.child.output.matchAll(/OUTBOUND /g)].length;
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }
}

function configuration(options: KamailioOptions, address: string, port: number): string {
  const { account, downstream, upstream } = options;
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
mpath="${MODULES}"
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
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)
modparam("rr", "append_fromtag", 1)
modparam("tm", "fr_timer", 4000)
modparam("registrar", "max_expires", 3600)

event_route[core:worker-one-init] { xlog("L_ALERT", "READY-FOR-CALLS\\n"); }

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
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
