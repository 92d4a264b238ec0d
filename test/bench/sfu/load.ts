/** The publishers, who send packets that were sealed before, and all subscribers as one ear. A child process of `../sfu.ts`. */
import type { DatagramSocket } from '../../../src/base/net.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../../src/rtp/srtp/transform.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import type { SfuQuestion } from './messages.ts';
import { media, PROFILE, PUBLISHER_PORT, publisherAddress, toGateway, writePacket } from './packets.ts';
import { benchSocket } from './sockets.ts';

const publishers: DatagramSocket[] = [];
let received = 0;

async function sink(rooms: number): Promise<number> {
  for (let room = 0; room < rooms; room++)
    publishers.push(await benchSocket(publisherAddress(room), PUBLISHER_PORT));
  const ear = await benchSocket('0.0.0.0', 0);
  ear.onDatagram = (bytes) => {
    // RTCP and ICE apart (RFC 7983, RFC 5761 section 4).
    if (bytes[0]! >= 128 && (bytes[1]! < 192 || bytes[1]! > 223)) received++;
  };
  return ear.local.port;
}

async function run({ medium, port, rooms, seconds }: Extract<SfuQuestion, { ask: 'run' }>): Promise<void> {
  const sealers = publishers.map(() => new SrtpSealer(PROFILE, toGateway, srtpEngines.at(-1)?.make));
  const { burst, perSecond } = media[medium];
  const bytes = new Uint8Array(2048 + SRTP_OVERHEAD);
  const startedAt = performance.now();
  const total = seconds * perSecond;
  for (let sent = 0; sent < total; ) {
    const bursts = Math.floor(((performance.now() - startedAt) * perSecond) / 1000 / burst);
    const due = Math.min(total, burst * bursts);
    for (; sent < due; sent++) {
      for (let room = 0; room < rooms; room++) {
        const { headerEnd, length } = writePacket(bytes, medium, room, sent);
        const sealed = sealers[room]!.sealRtp(bytes, headerEnd, length);
        if (typeof sealed === 'string') throw new Error(sealed);
        publishers[room]!.send(bytes.subarray(0, sealed), port, '127.0.0.1');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.send?.({ received });
}

process.on('message', (question: SfuQuestion) => {
  if (question.ask === 'sink') void sink(question.rooms).then((port) => process.send?.({ port }));
  else if (question.ask === 'run') {
    process.send?.({});
    void run(question);
  } else if (question.ask === 'stop') process.exit(0);
});
