/** What each stage of one packet's way to one subscriber costs, CPU of this process in us. */
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import type { PacketOutput } from '../../../src/sfu/packet-output.ts';
import { TrackSender } from '../../../src/sfu/track-sender.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import {
  EXTENSIONS,
  fromGateway,
  type MediumName,
  media,
  PROFILE,
  subscriberAddress,
  toGateway,
  writePacket,
} from './packets.ts';
import { benchSocket } from './sockets.ts';

const PACKETS = 200;
const SUBSCRIBERS = 50;
/** Of each stage so many times, and the least is told: this machine has other work, too. */
const REPEATS = 5;
/** Packets that one wake-up finds. */
const AT_ONCE = 4;
/** What sealing and headers add to a payload, bytes. */
const AROUND = 52;

/** CPU of `work`, us a call of so many. */
async function cost(calls: number, work: () => void | Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const before = process.cpuUsage();
    await work();
    const { system, user } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / calls);
  }
  return least;
}

/** Takes packets, and seals them. */
class StageOutput implements PacketOutput {
  readonly passage = () => undefined;
  readonly used = () => {};
  readonly isMeasured: boolean;
  readonly #scratch = new Uint8Array(2048);
  readonly #seal: SrtpSealer | undefined;
  #sequence = 0;

  constructor(seal: SrtpSealer | undefined, medium: MediumName) {
    this.#seal = seal;
    this.isMeasured = medium === 'video';
  }

  sendRtp(bytes: Uint8Array, headerEnd: number, length: number): number {
    const sealed = this.#seal?.sealRtp(bytes, headerEnd, length) ?? length;
    return typeof sealed === 'string' ? 0 : sealed;
  }

  resend(): void {}

  lend(): Uint8Array {
    return this.#scratch;
  }

  get nextTransportSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }
}

function forwarding(medium: MediumName, make: () => PacketOutput): Promise<number> {
  const { clockRate, kind, mime, payloadType } = media[medium];
  const forwarder = new Forwarder({ keyframeNeeded: () => {}, refused: () => {} });
  for (let i = 0; i < SUBSCRIBERS; i++)
    forwarder.add(
      new TrackSender({
        kind,
        ssrc: 5000 + i,
        rtxSsrc: 9000 + i,
        cname: 'c',
        mid: '0',
        codecs: [{ mime, clockRate, payloadType, rtx: kind === 'video' ? 97 : undefined }],
        extensions: EXTENSIONS,
        output: make(),
        random: systemRandom,
      }),
      0,
    );
  const bytes = new Uint8Array(2048);
  const view = new RtpView();
  let sequence = 0;
  return cost(PACKETS * SUBSCRIBERS, () => {
    for (let i = 0; i < PACKETS; i++) {
      const { length } = writePacket(bytes, medium, 0, sequence);
      parseRtp(bytes, length, view);
      view.level = 20;
      forwarder.push(view, mime, sequence * 5);
      sequence++;
    }
  });
}

function opening(medium: MediumName): Promise<number> {
  const make = srtpEngines.at(-1)?.make;
  const sealer = new SrtpSealer(PROFILE, toGateway, make);
  const packets = Array.from({ length: REPEATS * PACKETS }, (_, i) => {
    const bytes = new Uint8Array(2048);
    const { headerEnd, length } = writePacket(bytes, medium, 0, i);
    return bytes.subarray(0, Number(sealer.sealRtp(bytes, headerEnd, length)));
  });
  const opener = new SrtpOpener(PROFILE, toGateway, make);
  const view = new RtpView();
  let next = 0;
  return cost(PACKETS, () => {
    for (let i = 0; i < PACKETS; i++) {
      const packet = packets[next++]!;
      parseRtp(packet, Number(opener.openRtp(packet, packet.length)), view);
    }
  });
}

/** To 50 addresses, `burst` packets to each before they leave: what a wake-up finds of a picture. */
async function sending(medium: MediumName, burst: number): Promise<number> {
  const socket = await benchSocket('0.0.0.0', 0);
  const ear = await benchSocket('0.0.0.0', 0);
  const bytes = new Uint8Array(media[medium].payload + AROUND);
  const addresses = Array.from({ length: SUBSCRIBERS }, (_, i) => subscriberAddress(i));
  const spent = await cost(PACKETS * SUBSCRIBERS, async () => {
    for (let i = 0; i < PACKETS; i++) {
      for (const address of addresses) socket.send(bytes, ear.local.port, address);
      // The addon's outbox leaves when the callback at hand is over; nobody reads, and the kernel drops what is too much.
      if (i % burst === burst - 1) await Promise.resolve();
    }
  });
  socket.close();
  ear.close();
  return spent;
}

/** One packet in, from the socket to the callback, less what sending it cost: of few that come together. */
async function receiving(medium: MediumName): Promise<number> {
  const socket = await benchSocket('0.0.0.0', 0);
  const ear = await benchSocket('0.0.0.0', 0);
  const bytes = new Uint8Array(media[medium].payload + AROUND);
  let heard = 0;
  ear.onDatagram = () => {
    heard++;
  };
  const both = await cost(PACKETS, async () => {
    for (let i = 0; i < PACKETS; i++) {
      const wanted = heard + AT_ONCE;
      for (let k = 0; k < AT_ONCE; k++) socket.send(bytes, ear.local.port, '127.0.0.1');
      do await new Promise((resolve) => setImmediate(resolve));
      while (heard < wanted);
    }
  });
  socket.close();
  ear.close();
  return Math.max(0, both / AT_ONCE - (await sending(medium, 1)));
}

/** The table. */
export async function stages(): Promise<string[]> {
  const lines = [
    '',
    `stages, us a packet, ${SUBSCRIBERS} subscribers`.padEnd(44) + 'audio'.padStart(9) + 'video'.padStart(9),
  ];
  const tell = (name: string, [audio, video]: readonly [number, number]): void => {
    lines.push(name.padEnd(44) + audio.toFixed(2).padStart(9) + video.toFixed(2).padStart(9));
  };
  const of = async (run: (medium: MediumName) => Promise<number>): Promise<[number, number]> => [
    await run('audio'),
    await run('video'),
  ];
  const received = await of(receiving);
  tell('receive, once for all', received);
  const opened = await of(opening);
  tell('unprotect and parse, once for all', opened);
  const rewritten = await of((medium) => forwarding(medium, () => new StageOutput(undefined, medium)));
  tell('rewrite', rewritten);
  let sealed: [number, number] = [0, 0];
  for (const { make, name } of srtpEngines) {
    const sealer = (): SrtpSealer => new SrtpSealer(PROFILE, fromGateway, make);
    const both = await of((medium) => forwarding(medium, () => new StageOutput(sealer(), medium)));
    sealed = [both[0] - rewritten[0], both[1] - rewritten[1]];
    tell(`protect by ${name}`, sealed);
  }
  for (const burst of [1, AT_ONCE]) {
    const sent = await of((medium) => sending(medium, burst));
    tell(`send, ${burst} at a time to each`, sent);
    const sum = (at: 0 | 1): number =>
      (received[at] + opened[at]) / SUBSCRIBERS + rewritten[at] + sealed[at] + sent[at];
    const both = [sum(0), sum(1)] as const;
    tell('  all stages', both);
    const perCore = both.map((us) =>
      Math.round(1e6 / us)
        .toString()
        .padStart(9),
    );
    lines.push('  packets a second of a core'.padEnd(44) + perCore.join(''));
  }
  return lines;
}
