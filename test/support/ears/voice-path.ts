/**
 * Speech from one phone to another through the product's legs and mix, in virtual time: what was said, what comes out,
 * on one time axis. The way in is as bad as it is told to be; the way out is perfect, so that nothing else is measured.
 */
import { readFileSync } from 'node:fs';
import type { VoiceCodecs } from '../../../src/audio/codec.ts';
import { type VoiceFormat, voiceFormat } from '../../../src/audio/voice-format.ts';
import { parseWav } from '../../../src/audio/wav.ts';
import type { LegDescription } from '../../../src/leg/description.ts';
import { PhoneLeg } from '../../../src/leg/leg.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { LossyNet, type VirtualSocket } from '../lossy-net.ts';
import { repositoryRoot } from '../root.ts';
import { atRate } from './fourier.ts';
import { Link, type LossProfile } from './weather.ts';

/** A way to be measured. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly profile: LossProfile;
  readonly seconds: number;
  readonly seed: number;
  /** When packets leave after the grid of the gateway's tick, ms: 0 … 20. */
  readonly phaseMs?: number;
  /** Added to every packet's way, by the time at which it left. */
  readonly routeMs?: (sentAt: number) => number;
  /** How much faster than the gateway's the speaker's clock is. */
  readonly driftPpm?: number;
}

/** Both at `rate`, from the same moment on. */
export interface Recording {
  readonly said: Int16Array;
  readonly heard: Int16Array;
  readonly rate: number;
  readonly concealedFrames: number;
}

const PAYLOAD_TYPES: Readonly<Record<string, number>> = {
  'audio/pcmu': 0,
  'audio/pcma': 8,
  'audio/g722': 9,
  'audio/opus': 111,
};

const FMTP = 'useinbandfec=1';

/** The committed speech, over and over. */
export function speech(rate: number, seconds: number): Int16Array {
  const wav = parseWav(readFileSync(`${repositoryRoot}test/data/speech/harvard-1-2.wav`));
  if (!wav.ok) throw new Error(wav.error);
  const once = Int16Array.from(atRate(wav.value.samples, wav.value.rate, rate));
  return Int16Array.from({ length: seconds * rate }, (_, i) => once[i % once.length]!);
}

/** Says the speech at one phone and records it at the other. */
export function record(path: Path, codecs: VoiceCodecs): Recording {
  const { from, to, profile, seconds, seed, phaseMs = 7, routeMs = () => 0, driftPpm = 0 } = path;
  const net = new LossyNet(seed);
  const link = new Link(profile, net.random);
  const speaks = format(from);
  const hears = format(to);
  const speaker = join(net, codecs, from, '192.0.2.1');
  const listener = join(net, codecs, to, '192.0.2.2');
  const mix = new RoomMix(codecs, { maxTalkers: 6, gain: undefined });
  mix.addPhone(speaker.leg);
  mix.addPhone(listener.leg);

  const heard = new Int16Array((seconds + 2) * hears.sampleRate);
  const decoder = codecs.decoder(hears.mime, hears.sampleRate);
  const view = new RtpView();
  listener.far.onDatagram = (bytes) => {
    if (parseRtp(bytes, bytes.length, view) !== undefined || view.payloadType !== PAYLOAD_TYPES[to]) return;
    const payload = view.bytes.subarray(view.payloadStart, view.payloadEnd);
    const at = Math.round((net.now() * hears.sampleRate) / 1000);
    if (at + 960 <= heard.length) decoder?.decode(payload, heard, at);
  };

  const spoken = speech(speaks.sampleRate, seconds);
  const encoder = codecs.encoder(speaks);
  if (encoder === undefined || decoder === undefined) throw new Error('no codec is free');
  const sender = new RtpSender(net.random, 1275);
  const frame = speaks.sampleRate / 50;
  const payload = new Uint8Array(1275);
  for (let at = 0; at + frame <= spoken.length; at += frame) {
    const sentAt = ((at / frame) * 20 + 20) / (1 + driftPpm / 1e6) + phaseMs;
    const size = encoder.encode(spoken.subarray(at, at + frame), payload, 0);
    const bytes = sender.packet(payload, 0, size, PAYLOAD_TYPES[from]!, 'no-marker').slice();
    sender.advance(20 * speaks.ticksPerMs);
    const late = link.next();
    if (late === undefined) continue;
    const { address, port } = speaker.far.local;
    net.queue.schedule(sentAt + late + routeMs(sentAt), () => speaker.rtp.onDatagram(bytes, address, port));
  }
  net.weather = { delayMs: 0, jitterMs: 0, loss: 0, duplicates: 0 };
  net.every(20, (seconds + 1) * 50, (now) => {
    mix.tick(now);
    net.run(now);
  });
  const quality = speaker.leg.close(net.now());
  listener.leg.close(net.now());
  encoder.free();
  decoder.free();
  const rate = Math.min(speaks.sampleRate, hears.sampleRate);
  // What was said in a packet was said before the packet left.
  const shift = Math.round((phaseMs * hears.sampleRate) / 1000);
  return {
    said: at(spoken, speaks.sampleRate, rate),
    heard: at(heard.subarray(shift), hears.sampleRate, rate),
    rate,
    concealedFrames: quality.concealed,
  };
}

function at(samples: Int16Array, from: number, to: number): Int16Array {
  return from === to ? samples : Int16Array.from(atRate(samples, from, to));
}

function format(mime: string): VoiceFormat {
  const found = voiceFormat(mime, FMTP);
  if (found === undefined) throw new Error(mime);
  return found;
}

function join(net: LossyNet, codecs: VoiceCodecs, mime: string, address: string) {
  const rtp: VirtualSocket = net.open();
  const far = net.open(address);
  const nothing = () => {};
  const leg = new PhoneLeg(
    {
      rtp,
      rtcp: net.open(),
      codecs,
      random: net.random,
      clock: net,
      cname: 'path',
      mediaTimeoutMs: 0,
      unixOffsetMs: 0,
      events: {
        onVoice: nothing,
        isForwarded: () => false,
        onHeard: nothing,
        onSpoke: nothing,
        onDigit: nothing,
        onSilent: nothing,
        onDropped: nothing,
      },
    },
    net.now(),
  );
  const { ticksPerMs } = format(mime);
  const codec = { mime, payloadType: PAYLOAD_TYPES[mime]!, clockRate: ticksPerMs * 1000, fmtp: FMTP };
  const media: LegDescription = {
    remote: { ...far.local, rtcpPort: 0 },
    allowedSources: [`${address}/32`],
    codec,
    accept: [codec],
    dtmfOut: undefined,
    dtmfIn: undefined,
    ptimeMs: 20,
    direction: 'sendrecv',
  };
  leg.apply(media, net.now());
  return { leg, rtp, far };
}
