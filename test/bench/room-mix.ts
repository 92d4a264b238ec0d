/**
 * What a room of phones costs a tick, without the kernel: `node test/bench/room-mix.ts [phones] [talkers] [tones]`; with
 * `tones` keys are looked for in each voice. Packets are
 * taken in, decoded, mixed and sent as in the product; sockets swallow what they are given.
 */

import { builtInCodecs } from '../../src/audio/built-in-codecs.ts';
import { encodeG711 } from '../../src/audio/g711.ts';
import { SineSource } from '../../src/audio/tones.ts';
import { PhoneLeg } from '../../src/leg/leg.ts';
import { RoomMix } from '../../src/media/room-mix.ts';
import { RtpSender } from '../../src/rtp/sender.ts';
import { SeededRandom } from '../support/lossy-net.ts';
import { describePhone } from '../support/media-phone.ts';
import { silentSocket } from '../support/silent-socket.ts';

const phones = Number(process.argv[2] ?? 100);
const talkers = Number(process.argv[3] ?? 3);
const keyTones = process.argv[4] === 'tones' ? 'heard' : undefined;
const ticks = 3000;
const random = new SeededRandom(1);
const time = { value: 0, now: () => time.value };

const mix = new RoomMix(builtInCodecs);
const frame = new Int16Array(160);
const parties = Array.from({ length: phones }, (_, i) => {
  const rtp = silentSocket();
  const leg = new PhoneLeg(
    {
      rtp,
      rtcp: silentSocket(),
      random,
      clock: time,
      cname: 'bench',
      mediaTimeoutMs: 30_000,
      unixOffsetMs: 0,
      events: {
        onVoice() {},
        isForwarded: () => false,
        onHeard() {},
        onSpoke() {},
        onDigit() {},
        onSilent() {},
        onDropped() {},
      },
    },
    0,
  );
  leg.apply(describePhone('192.0.2.1', 4000, { keyTones }), 0);
  mix.addPhone(leg);
  const sine = new SineSource(400 + i, i < talkers ? 6000 : 0, 8000);
  return { rtp, sine, sender: new RtpSender(random, 160), payload: new Uint8Array(160) };
});

/** CPU time of this thread, µs: other processes do not count. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

let receiving = 0;
let mixing = 0;
for (let i = 0; i < ticks; i++) {
  time.value += 20;
  const packets = parties.map(({ sine, sender, payload }) => {
    sine.fill(frame);
    encodeG711('pcma', frame, 0, 160, payload, 0);
    const packet = sender.packet(payload, 0, 160, 8, 'no-marker');
    sender.advance(160);
    return packet;
  });
  const start = cpu();
  parties.forEach(({ rtp }, at) => {
    rtp.onDatagram(packets[at]!, '192.0.2.1', 4000);
  });
  const middle = cpu();
  mix.tick(time.value);
  const end = cpu();
  if (i < 500) continue;
  receiving += middle - start;
  mixing += end - middle;
}
const perLeg = (total: number) => (total / (ticks - 500) / phones).toFixed(2);
console.log(
  `${phones} phones, ${talkers} talk: take in ${perLeg(receiving)} µs, pull, mix and send ${perLeg(mixing)} µs, each per leg and tick`,
);
