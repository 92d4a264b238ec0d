import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { freePortBlock } from './free-ports.ts';
import { NetstringReader, netstring } from './netstring.ts';
import { type Recording, readWav, type ToneSource, writeToneWav } from './wav.ts';
import { newWorkspace } from './workspace.ts';

/** An event of baresip's control socket. */
export interface BaresipEvent {
  readonly type: string;
  readonly param: string;
}

export interface BaresipOptions {
  /** The number (user part) that it calls from. */
  readonly user: string;
  readonly tone: ToneSource;
  /** baresip's own name of the only codec offered. */
  readonly codec?: keyof typeof CODECS;
  readonly answer?: 'auto' | 'manual';
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** baresip's own names: SRTP where the far end has it, or always, or by DTLS. */
  readonly encryption?: 'srtp' | 'srtp-mand' | 'dtls_srtp';
  /** PEM file of the authority that the server's certificate must come from; absent: it takes any. */
  readonly authority?: string;
}

const SAMPLE_RATE = 8000;
/** Codecs with the module of each and the rate at which it wants its sound, Hz. */
const CODECS = {
  'PCMA/8000/1': { module: 'g711', rate: SAMPLE_RATE },
  'PCMU/8000/1': { module: 'g711', rate: SAMPLE_RATE },
  'G722/16000/1': { module: 'g722', rate: 16_000 },
  'opus/48000/2': { module: 'opus', rate: 48_000 },
} as const;
/** baresip's file source does not loop: longer than any test's call. */
const SOURCE_SECONDS = 120;
const MODULE_PATH = '/usr/lib/baresip/modules';

/** A real softphone without a sound card: plays a tone, records both ways, obeys over its control socket. */
export class Baresip {
  readonly sipPort: number;
  readonly events: BaresipEvent[] = [];
  readonly #child: Child;
  readonly #folder: string;
  readonly #control: Socket;
  /** How many events there were when it dialled last. */
  #dialled = 0;

  private constructor(child: Child, folder: string, sipPort: number, control: Socket) {
    this.#child = child;
    this.#folder = folder;
    this.sipPort = sipPort;
    this.#control = control;
    const reader = new NetstringReader();
    control.on('data', (chunk: Buffer) => {
      for (const text of reader.push(chunk)) this.#take(JSON.parse(text));
    });
    control.on('error', () => {});
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = newWorkspace(`baresip-${options.user}`);
    // SIP (and TLS beside it), the control socket, then RTP pairs.
    const first = await freePortBlock(24);
    writeFiles(folder, first, options);
    const child = new Child(`baresip ${options.user}`, 'baresip', ['-f', folder, '-s']);
    await child.waitForOutput(/baresip is ready/, 60_000);
    const control = await connect(first + 2);
    return new Baresip(child, folder, first, control);
  }

  get output(): string {
    return this.#child.output;
  }

  /** Dials and waits until the call is established. */
  async dial(uri: string, withinMs = 20_000): Promise<void> {
    this.#dialled = this.events.length;
    this.command('dial', uri);
    await this.#event('CALL_ESTABLISHED', withinMs);
  }

  /** Dials and gives the reason for which the call did not come about, as baresip has it (`404 Not Found`). */
  async dialRefused(uri: string, withinMs = 20_000): Promise<string> {
    this.#dialled = this.events.length;
    this.command('dial', uri);
    return (await this.#event('CALL_CLOSED', withinMs)).param;
  }

  hangUp(): void {
    this.command('hangup', '');
  }

  /** Waits until the call that it dialled last, or that it answered, is over. */
  async closed(withinMs = 15_000): Promise<BaresipEvent> {
    return this.#event('CALL_CLOSED', withinMs);
  }

  command(command: string, params: string): void {
    this.#control.write(netstring(JSON.stringify({ command, params, token: '1' })));
  }

  /** What it heard in its call so far; the file is complete once the call is over. */
  heard(): Recording {
    return this.#recording('dec');
  }

  /** What it sent. */
  sent(): Recording {
    return this.#recording('enc');
  }

  async stop(): Promise<void> {
    this.#control.destroy();
    await this.#child.stop();
  }

  #recording(way: 'dec' | 'enc'): Recording {
    const folder = `${this.#folder}/rec`;
    const file = readdirSync(folder)
      .filter((name) => name.endsWith(`-${way}.wav`))
      .sort()
      .at(-1);
    if (file === undefined) throw new Error(`baresip recorded nothing:\n${this.#child.tail()}`);
    return readWav(`${folder}/${file}`);
  }

  /** The first of its kind since it dialled last. */
  async #event(type: string, withinMs: number): Promise<BaresipEvent> {
    return eventually(`baresip says ${type}`, withinMs, () =>
      this.events.slice(this.#dialled).find((event) => event.type === type),
    ).catch((error: unknown) => {
      throw new Error(
        `baresip said ${this.events.map((event) => event.type).join(' ')}\n${this.#child.tail(80)}`,
        {
          cause: error,
        },
      );
    });
  }

  #take(message: { event?: boolean; type?: string; param?: string }): void {
    if (message.event === true) this.events.push({ type: message.type ?? '', param: message.param ?? '' });
  }
}

async function connect(port: number): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = createConnection(port, '127.0.0.1');
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      });
    } catch (error) {
      if (attempt === 150) throw error;
      await sleep(100);
    }
  }
}

function writeFiles(folder: string, firstPort: number, options: BaresipOptions): void {
  mkdirSync(`${folder}/rec`);
  const { rate } = CODECS[options.codec ?? 'PCMA/8000/1'];
  writeToneWav(`${folder}/tone.wav`, options.tone, rate, SOURCE_SECONDS);
  const account =
    `<sip:${options.user}@127.0.0.1:${firstPort};transport=${options.transport ?? 'udp'}>;regint=0;` +
    `answermode=${options.answer ?? 'manual'};audio_codecs=${options.codec ?? 'PCMA/8000/1'}${options.encryption === undefined ? '' : `;mediaenc=${options.encryption}`}`;
  writeFileSync(`${folder}/accounts`, `${account}\n`);
  writeFileSync(`${folder}/contacts`, '');
  writeFileSync(`${folder}/config`, configuration(folder, firstPort, options));
}

/** `net_interface` takes the address, not `lo`; without a player no call gets up, `aubridge,nil` is the silent one. */
function configuration(folder: string, firstPort: number, options: BaresipOptions): string {
  const { authority, codec = 'PCMA/8000/1' } = options;
  const { module, rate } = CODECS[codec];
  return `poll_method epoll
sip_listen 127.0.0.1:${firstPort}
net_interface 127.0.0.1
${authority === undefined ? '' : `sip_cafile ${authority}\n`}call_max_calls 8
audio_source aufile,${folder}/tone.wav
audio_player aubridge,nil
ausrc_srate ${rate}
auplay_srate ${rate}
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports ${firstPort + 4}-${firstPort + 22}
rtp_stats yes
jitter_buffer_delay 5-10
statmode_default off
snd_path ${folder}/rec
module_path ${MODULE_PATH}
module ${module}.so
module srtp.so
${options.encryption === 'dtls_srtp' ? 'module dtls_srtp.so\nrtcp_mux yes\n' : ''}module aufile.so
module aubridge.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${firstPort + 2}
`;
}
