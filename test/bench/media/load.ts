/**
 * Phones that load a gateway: each sends A-law every 20 ms, talkers a tone of their own, and what comes back is
 * checked: gaps, losses, tones, and how long a sound takes. One socket stands for all of them. A child of `../media.ts`.
 */

import { rethrow } from '../../../src/adapters/clock/clock.ts';
import { PACKET_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { decodeG711, encodeG711 } from '../../../src/audio/g711.ts';
import { rtpHeaderLength, SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../../src/rtp/srtp/transform.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import { toneLevel } from '../../support/tones.ts';
import { benchKeys } from './keys.ts';
import type { LoadAnswer, LoadQuestion, LoadReport } from './messages.ts';

const FRAME = 160;
const STEP_MS = 20;
const GAP_MS = 40;
/** Legs that are listened to by their samples, beside all being counted. */
const LISTENED = 24;
/** Talkers go quiet together for this part of each second: the first sound after it is the mark for latency. */
const QUIET_FRAMES = 10;
const SECOND_FRAMES = 50;
const LOUD = 1000;
/** Phones do not send in step: so many groups, evenly apart. */
const GROUPS = 4;

// By the addon where it was built: then the phones take little of the cores that they share with what they measure.
const source = datagramSource('auto', { unsent() {}, unwatched() {}, fault: rethrow }, PACKET_SLOTS);
const socket = await source.open({ address: '127.0.0.1', port: 0 });

interface Phone {
  readonly port: number;
  readonly room: number;
  readonly seat: number;
  readonly packet: Buffer;
  readonly sealer: SrtpSealer | undefined;
  readonly opener: SrtpOpener | undefined;
  lastAt: number;
  lastSequence: number;
  received: number;
  lost: number;
  gaps: number;
  longest: number;
  samples: Int16Array | undefined;
  sampled: number;
  wasLoud: boolean;
}

const now = (): number => performance.now();

/** Tone of a seat, Hz: bins of 10 Hz, apart from each other and from each other's harmonics. */
const toneOf = (seat: number): number => 410 + 170 * seat;

function run(question: Extract<LoadQuestion, { ask: 'run' }>): Promise<LoadReport> {
  const { ports, rooms, talkers, warmupMs, seconds, srtp } = question;
  const phones = ports.map((port, leg): Phone => {
    const packet = Buffer.alloc(12 + FRAME, 0xd5);
    const keys = srtp === undefined ? undefined : benchKeys(srtp, leg);
    const make = srtpEngines.at(-1)?.make;
    packet[0] = 0x80;
    packet[1] = 8;
    packet.writeUInt32BE(0x10000 + leg, 8);
    return {
      port,
      room: leg % rooms,
      seat: Math.floor(leg / rooms),
      packet,
      sealer: keys && srtp && new SrtpSealer(srtp, keys.fromPhone, make),
      opener: keys && srtp && new SrtpOpener(srtp, keys.toPhone, make),
      lastAt: 0,
      lastSequence: -1,
      received: 0,
      lost: 0,
      gaps: 0,
      longest: 0,
      samples: undefined,
      sampled: 0,
      wasLoud: true,
    };
  });
  const byPort = new Map(phones.map((phone) => [phone.port, phone]));
  const silent = phones.filter(({ seat }) => seat >= talkers);
  const step = Math.max(1, Math.floor(silent.length / LISTENED));
  for (let i = 0; i < silent.length; i += step) silent[i]!.samples = new Int16Array(8000 * 10);

  let measuring = false;
  /** When the first talker of the rooms of each group broke the silence. */
  const marks = new Array<number>(GROUPS).fill(0);
  const latencies: number[] = [];
  const decoded = new Int16Array(FRAME);
  socket.onDatagram = (bytes, _address, port) => {
    const phone = byPort.get(port);
    if (phone === undefined || bytes.length < 12 || (bytes[1]! & 0x7f) !== 8) return;
    if (phone.opener !== undefined && typeof phone.opener.openRtp(bytes, bytes.length) !== 'number') return;
    const at = now();
    const sequence = (bytes[2]! << 8) | bytes[3]!;
    if (measuring) {
      phone.received++;
      const gap = at - phone.lastAt;
      if (gap > GAP_MS) phone.gaps++;
      if (gap > phone.longest) phone.longest = gap;
      if (phone.lastSequence >= 0) phone.lost += ((sequence - phone.lastSequence - 1) & 0xffff) % 1000;
    }
    phone.lastAt = at;
    phone.lastSequence = sequence;
    if (phone.samples === undefined) return;
    decodeG711('pcma', bytes, 12, 12 + FRAME, decoded, 0);
    let sum = 0;
    for (const sample of decoded) sum += Math.abs(sample);
    const loud = sum / FRAME > LOUD;
    if (measuring && loud && !phone.wasLoud) latencies.push(at - marks[phone.room % GROUPS]! + STEP_MS);
    phone.wasLoud = loud;
    if (measuring && loud && phone.sampled + FRAME <= phone.samples.length) {
      phone.samples.set(decoded, phone.sampled);
      phone.sampled += FRAME;
    }
  };

  // Each seat's tone as 50 frames: 1 s is a whole number of its periods.
  const voices = Array.from({ length: talkers }, (_, seat) => {
    const pcm = new Int16Array(FRAME * SECOND_FRAMES);
    const level = 12_000 / talkers;
    for (let i = 0; i < pcm.length; i++) pcm[i] = level * Math.sin((2 * Math.PI * toneOf(seat) * i) / 8000);
    const law = new Uint8Array(pcm.length);
    encodeG711('pcma', pcm, 0, pcm.length, law, 0);
    return law;
  });
  const silence = new Uint8Array(FRAME).fill(0xd5);

  return new Promise((resolve) => {
    const from = now() + STEP_MS;
    const frames = Math.round((warmupMs + seconds * 1000) / STEP_MS);
    const warm = Math.round(warmupMs / STEP_MS);
    let cpu = process.cpuUsage();
    let ownLate = 0;
    let tick = 0;
    const beat = () => {
      const due = from + (tick * STEP_MS) / GROUPS;
      const at = now();
      if (at - due > 10) ownLate++;
      const group = tick % GROUPS;
      const frame = Math.floor(tick / GROUPS);
      const inSecond = frame % SECOND_FRAMES;
      if (frame === warm && group === 0) {
        measuring = true;
        cpu = process.cpuUsage();
        for (const phone of phones) phone.lastAt = at;
        const started: LoadAnswer = { started: true };
        process.send?.(started);
      }
      if (inSecond === QUIET_FRAMES) marks[group] = at;
      for (let i = group; i < phones.length; i += GROUPS) {
        const phone = phones[i]!;
        const { packet, seat } = phone;
        const speaks = seat < talkers && inSecond >= QUIET_FRAMES;
        packet.writeUInt16BE(frame & 0xffff, 2);
        packet.writeUInt32BE((frame * FRAME) >>> 0, 4);
        if (speaks) packet.set(voices[seat]!.subarray(inSecond * FRAME, (inSecond + 1) * FRAME), 12);
        else if (seat < talkers) packet.set(silence, 12);
        socket.send(protectedBy(phone), phone.port, '127.0.0.1');
      }
      tick++;
      if (tick < frames * GROUPS) {
        setTimeout(beat, Math.max(0, from + (tick * STEP_MS) / GROUPS - now()));
        return;
      }
      const { user, system } = process.cpuUsage(cpu);
      const listened = phones.filter(({ samples }) => samples !== undefined);
      latencies.sort((a, b) => a - b);
      const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
      resolve({
        expected: phones.length * seconds * SECOND_FRAMES,
        received: phones.reduce((sum, { received }) => sum + received, 0),
        lost: phones.reduce((sum, { lost }) => sum + lost, 0),
        gaps: phones.reduce((sum, { gaps }) => sum + gaps, 0),
        longestGapMs: Math.max(...phones.map(({ longest }) => longest)),
        heardAll: listened.filter((phone) => hearsAll(phone, talkers)).length,
        listened: listened.length,
        latencyMs: { p50: quantile(0.5), p95: quantile(0.95) },
        cores: (user + system) / 1e6 / seconds,
        ownLate,
      });
    };
    setTimeout(beat, STEP_MS);
  });
}

/** The phone's packet as it goes out: the socket may hold it for a while, so it is a copy under SRTP. */
function protectedBy({ packet, sealer }: Phone): Buffer {
  if (sealer === undefined) return packet;
  const bytes = Buffer.alloc(packet.length + SRTP_OVERHEAD);
  bytes.set(packet);
  const length = sealer.sealRtp(bytes, rtpHeaderLength(packet, packet.length), packet.length);
  if (typeof length === 'string') throw new Error(length);
  return bytes.subarray(0, length);
}

/** Samples of the loud part of a second: judged by itself, for playouts that shrink move a tone's phase from one to the next. */
const LOUD_SAMPLES = (SECOND_FRAMES - QUIET_FRAMES - 2) * FRAME;

/** Whether every talker's tone stands over what is between the tones, in some second. */
function hearsAll({ samples, sampled }: Phone, talkers: number): boolean {
  if (samples === undefined) return false;
  const heard = new Set<number>();
  for (let from = 0; from + LOUD_SAMPLES <= sampled; from += LOUD_SAMPLES) {
    const second = samples.subarray(from, from + LOUD_SAMPLES);
    const floor = toneLevel(second, 8000, 3300);
    for (let seat = 0; seat < talkers; seat++) {
      if (toneLevel(second, 8000, toneOf(seat)) >= floor + 20) heard.add(seat);
    }
  }
  return heard.size === talkers;
}

async function obey(question: LoadQuestion): Promise<void> {
  if (question.ask === 'port') {
    const answer: LoadAnswer = { port: socket.local.port };
    process.send?.(answer);
  } else if (question.ask === 'run') {
    process.send?.(await run(question));
  } else {
    socket.close();
    process.disconnect();
  }
}

process.on('message', (question: LoadQuestion) => void obey(question));
