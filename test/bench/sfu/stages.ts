/** One packet to one subscriber, stage by stage: each line has all stages above it, and what it adds. */
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
  toGateway,
  writePacket,
} from './packets.ts';
import { benchSocket } from './sockets.ts';

const PACKETS = 400;
const SUBSCRIBERS = 50;

/** CPU of `work`, us a call of so many. */
async function cost(calls: number, work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { system, user } = process.cpuUsage(before);
  return (user + system) / calls;
}

class StageOutput implements PacketOutput {
  readonly #scratch = new Uint8Array(2048);
  readonly #seal: SrtpSealer | undefined;
  readonly #send: ((bytes: Uint8Array) => void) | undefined;
  #sequence = 0;

  constructor(seal: SrtpSealer | undefined, send: ((bytes: Uint8Array) => void) | undefined) {
    this.#seal = seal;
    this.#send = send;
  }

  sendRtp(bytes: Uint8Array, headerEnd: number, length: number): number {
    if (this.#seal === undefined) return length;
    const sealed = this.#seal.sealRtp(bytes, headerEnd, length);
    if (typeof sealed === 'string') return 0;
    this.#send?.(bytes.subarray(0, sealed));
    return sealed;
  }

  resend(): void {}

  lend(): Uint8Array {
    return this.#scratch;
  }

  nextTransportSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }
}

async function forwarding(medium: MediumName, make: () => PacketOutput): Promise<number> {
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
  const push = (): void => {
    const { length } = writePacket(bytes, medium, 0, sequence);
    parseRtp(bytes, length, view);
    view.level = 20;
    forwarder.push(view, mime, sequence * 5);
    sequence++;
  };
  for (let i = 0; i < PACKETS; i++) push();
  return cost(4 * PACKETS * SUBSCRIBERS, async () => {
    for (let i = 0; i < 4 * PACKETS; i++) {
      push();
      // The addon's outbox leaves when the callback at hand is over.
      if (i % 4 === 3) await Promise.resolve();
    }
  });
}

async function opening(medium: MediumName): Promise<number> {
  const make = srtpEngines.at(-1)?.make;
  const sealer = new SrtpSealer(PROFILE, toGateway, make);
  const packets = Array.from({ length: 8 * PACKETS }, (_, i) => {
    const bytes = new Uint8Array(2048);
    const { headerEnd, length } = writePacket(bytes, medium, 0, i);
    return bytes.subarray(0, Number(sealer.sealRtp(bytes, headerEnd, length)));
  });
  const opener = new SrtpOpener(PROFILE, toGateway, make);
  const view = new RtpView();
  return cost(packets.length, () => {
    for (const packet of packets) parseRtp(packet, Number(opener.openRtp(packet, packet.length)), view);
  });
}

/** The table. */
export async function stages(): Promise<string[]> {
  const socket = await benchSocket('127.0.0.1', 0);
  const ear = await benchSocket('127.0.0.1', 0);
  ear.onDatagram = () => {};
  const send = (bytes: Uint8Array): void => socket.send(bytes, ear.local.port, '127.0.0.1');
  const lines = [
    '',
    `stages, us a packet, ${SUBSCRIBERS} subscribers`.padEnd(36) + 'audio'.padStart(9) + 'video'.padStart(9),
  ];
  const of = async (name: string, run: (medium: MediumName) => Promise<number>): Promise<void> => {
    const [audio, video] = [await run('audio'), await run('video')];
    lines.push(name.padEnd(36) + audio.toFixed(2).padStart(9) + video.toFixed(2).padStart(9));
  };
  for (const { make, name } of srtpEngines) {
    const sealer = (): SrtpSealer => new SrtpSealer(PROFILE, fromGateway, make);
    await of(`rewrite, seal by ${name}`, (medium) =>
      forwarding(medium, () => new StageOutput(sealer(), undefined)),
    );
  }
  await of('rewrite alone', (medium) => forwarding(medium, () => new StageOutput(undefined, undefined)));
  await of('rewrite, seal, send', (medium) =>
    forwarding(
      medium,
      () => new StageOutput(new SrtpSealer(PROFILE, fromGateway, srtpEngines.at(-1)?.make), send),
    ),
  );
  await of('open and parse what comes, once', opening);
  socket.close();
  ear.close();
  return lines;
}
