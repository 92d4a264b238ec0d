/**
 * What stays of an hour of calls, in virtual time: `npm run bench:soak [minutes] [phones]`. Then what a leg takes in memory:
 * the heap and the buffers of 1,000 legs in one room, divided by them, sockets and SIP not counted.
 */
import { builtInCodecs } from '../../src/audio/built-in-codecs.ts';
import { encodeG711 } from '../../src/audio/g711.ts';
import { SineSource } from '../../src/audio/tones.ts';
import { PhoneLeg } from '../../src/leg/leg.ts';
import { RoomMix } from '../../src/media/room-mix.ts';
import { RtpSender } from '../../src/rtp/sender.ts';
import { Churn } from '../support/churn.ts';
import { SeededRandom } from '../support/lossy-net.ts';
import { describePhone } from '../support/media-phone.ts';
import { silentSocket } from '../support/silent-socket.ts';

const minutes = Number(process.argv[2] ?? 60);
const phones = Number(process.argv[3] ?? 10);
const MEGABYTE = 1024 * 1024;

/** Bytes in use on the heap and in buffers beside it, after everything else is collected. */
function used(): number {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function soak(): void {
  const churn = new Churn({ phones, rooms: 4, seed: 1 });
  const step = Math.max(1, Math.round(minutes / 6));
  for (let minute = step; minute <= minutes; minute += step) {
    churn.run(step * 60);
    const open = Object.entries(churn.gateway.left()).map(([name, count]) => `${name} ${count}`);
    console.log(
      `after ${minute} min: ${churn.calls} calls, ${(used() / MEGABYTE).toFixed(2)} MB; ${open.join(', ')}`,
    );
  }
  const full = used();
  churn.finish();
  const left = JSON.stringify(churn.gateway.left());
  const { faults } = churn.gateway;
  const alarms = churn.gateway.stop();
  console.log(
    `all gone: ${(used() / MEGABYTE).toFixed(2)} MB (${(full / MEGABYTE).toFixed(2)} before); left ${left}, ${alarms} alarms, ${faults.length} faults`,
  );
}

/** Kilobytes of a leg when it is agreed on and silent, and when it has talked for 5 s. */
function legs(mime: string, payloadType: number, tones: 'heard' | undefined): void {
  const count = 1000;
  const time = { value: 0, now: () => time.value };
  const random = new SeededRandom(1);
  const mix = new RoomMix(builtInCodecs);
  const codec = { mime, payloadType, clockRate: 8000 };
  const before = used();
  const parties = Array.from({ length: count }, () => {
    const rtp = silentSocket();
    const events = {
      onVoice() {},
      isForwarded: () => false,
      onHeard() {},
      onSpoke() {},
      onDigit() {},
      onSilent() {},
      onDropped() {},
    };
    const leg = new PhoneLeg(
      {
        ...{ rtp, rtcp: silentSocket(), random, clock: time, events, cname: 'soak' },
        ...{ mediaTimeoutMs: 0, unixOffsetMs: 0 },
      },
      0,
    );
    leg.apply(describePhone('192.0.2.1', 4000, { codec, accept: [codec], keyTones: tones }), 0);
    mix.addPhone(leg);
    return { rtp, leg };
  });
  const run = (ticks: number, packet: () => Uint8Array | undefined) => {
    for (let tick = 0; tick < ticks; tick++) {
      time.value += 20;
      const bytes = packet();
      if (bytes !== undefined) for (const { rtp } of parties) rtp.onDatagram(bytes, '192.0.2.1', 4000);
      mix.tick(time.value);
    }
  };
  const kilobytes = () => ((used() - before) / count / 1024).toFixed(1);
  run(50, () => undefined);
  const idle = kilobytes();
  const sine = new SineSource(440, 6000, 8000);
  const frame = new Int16Array(160);
  const payload = new Uint8Array(160);
  const sender = new RtpSender(random, 160);
  run(250, () => {
    sine.fill(frame);
    // As G.722 it is noise: as good for what a decoder keeps.
    encodeG711('pcma', frame, 0, 160, payload, 0);
    const packet = sender.packet(payload, 0, 160, payloadType, 'no-marker');
    sender.advance(160);
    return packet;
  });
  const keys = tones === undefined ? '' : ' with keys as tones';
  console.log(`${mime}${keys}: idle ${idle} kB, talking ${kilobytes()} kB a leg (${parties.length} legs)`);
}

soak();
legs('audio/pcma', 8, undefined);
legs('audio/pcma', 8, 'heard');
legs('audio/g722', 9, undefined);
