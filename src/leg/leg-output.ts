/** What a leg sends: frames of 20 ms come in, packets of the agreed length go out, keys take the sound's place. */
import type { VoiceFormat } from '../audio/voice-format.ts';
import { type DatagramSocket, type HostPort, isNowhere } from '../base/net.ts';
import type { LaneTerms } from '../base/quiet-lane.ts';
import type { Random } from '../base/random.ts';
import { DtmfSender } from '../rtp/dtmf.ts';
import { type Marker, RtpSender } from '../rtp/sender.ts';
import type { LegDescription } from './description.ts';
import { FRAME_MS, MAX_PAYLOAD, type Packetizer, packetizer, usablePtime } from './packetizer.ts';

/** What a frame holds: sound, or nothing that anybody says. */
export type FrameContent = 'sound' | 'silence';

/** RFC 3389: how our silence sounds, -dBov, and how often that is said again, ms. */
const COMFORT_LEVEL = Uint8Array.of(70);
const COMFORT_EVERY_MS = 200;
/** An Opus packet of so few bytes says that nothing is sent (RFC 7587 section 3.1.3). */
const OPUS_NOTHING = 2;

/** One leg's outgoing stream. */
export class LegOutput {
  readonly sender: RtpSender;
  readonly #socket: DatagramSocket;
  readonly #random: Random;
  readonly #keys = new DtmfSender();
  #packets: Packetizer | undefined;
  #ptimeMs = 0;
  #packetsBefore = 0;
  #marker: Marker = 'marker';
  #payloadType = 0;
  #dtmfType: number | undefined;
  #comfortType: number | undefined;
  /** Until comfort noise is described again, ms; undefined while sound is sent. */
  #comfortIn: number | undefined;
  #open = false;
  #to: HostPort = { address: '', port: 0 };
  /** Undefined before {@link apply}. */
  format: VoiceFormat | undefined;
  /** Told of each packet that the kernel had no room for. */
  readonly #onCongested: () => void;

  constructor(socket: DatagramSocket, random: Random, onCongested: () => void) {
    this.#socket = socket;
    this.#random = random;
    this.#onCongested = onCongested;
    this.sender = new RtpSender(random, MAX_PAYLOAD);
  }

  /** Packets sent since the beginning. */
  get packets(): number {
    return this.#packetsBefore + this.sender.packets;
  }

  /** Another clock than before, in a stream that was heard already: it must get another SSRC. */
  changesClock(format: VoiceFormat): boolean {
    return (
      this.format !== undefined && this.format.ticksPerMs !== format.ticksPerMs && this.sender.packets > 0
    );
  }

  apply(format: VoiceFormat, media: LegDescription): void {
    // RFC 7160 section 4.1: a different SSRC for each different clock rate.
    if (this.changesClock(format)) {
      this.#packetsBefore += this.sender.packets;
      this.sender.renew(this.#random);
      this.#marker = 'marker';
    }
    if (format !== this.format || media.ptimeMs !== this.#ptimeMs) {
      if (this.#packets !== undefined) this.#skip(this.#packets.drop());
      this.#packets = packetizer(format, media.ptimeMs, this.#packet);
    }
    this.format = format;
    this.#ptimeMs = media.ptimeMs;
    this.#payloadType = media.codec.payloadType;
    this.#dtmfType = media.dtmfOut;
    this.#comfortType = media.comfortNoiseOut;
    this.#comfortIn = undefined;
    const sends = media.direction === 'sendrecv' || media.direction === 'sendonly';
    this.#open = sends && media.sending !== 'withheld';
  }

  press(digit: string, durationMs: number): boolean {
    return this.#dtmfType !== undefined && this.#keys.press(digit, durationMs);
  }

  /**
   * How the next packets look when nothing but one frame in each will be sent, in a format that any of a room's phones
   * may be sent at any time; undefined when something is otherwise.
   */
  get steady(): LaneTerms['out'] | undefined {
    const { format, sender } = this;
    if (format === undefined || format.memory !== 'none' || usablePtime(this.#ptimeMs) !== FRAME_MS)
      return undefined;
    const isOpen = this.#open && this.#comfortType === undefined && this.#socket.queued === 0;
    if (!isOpen || this.#marker === 'marker' || sender.packets === 0 || this.#keys.pending > 0)
      return undefined;
    const { ssrc, sequence, timestamp } = sender;
    return { payloadType: this.#payloadType, ssrc, sequence, timestamp, ticks: FRAME_MS * format.ticksPerMs };
  }

  /** So many frames of a {@link steady} stream were sent by somebody else. */
  sentElsewhere(frames: number): void {
    const ticks = FRAME_MS * this.#ticksPerMs;
    // G.711: a byte a tick.
    this.sender.sentElsewhere(frames, ticks, ticks);
  }

  /** 20 ms of encoded sound. The clock runs on while nothing may be sent. */
  frame(payload: Uint8Array, content: FrameContent, to: HostPort | undefined): void {
    const { format } = this;
    if (format === undefined || this.#packets === undefined) return;
    if (!this.#open || to === undefined || isNowhere(to)) {
      this.#skip(FRAME_MS + this.#packets.drop());
      return;
    }
    this.#to = to;
    if (this.#dtmfType !== undefined && this.#keys.pending > 0) {
      // Sound that waited would come out of order behind the key: its time has passed.
      this.#skip(this.#packets.drop());
      const packet = this.#keys.poll(this.sender, this.#dtmfType, FRAME_MS, format.ticksPerMs);
      if (packet !== undefined) {
        this.#skip(FRAME_MS);
        this.#send(packet);
        return;
      }
    }
    if (content === 'silence' && this.#comfortType !== undefined) this.#comfort(this.#comfortType);
    else if (format.silence === 'dropped' && payload.length <= OPUS_NOTHING)
      this.#skip(FRAME_MS + this.#packets.drop());
    else {
      if (this.#comfortIn !== undefined) this.#marker = 'marker';
      this.#comfortIn = undefined;
      this.#packets.push(payload);
    }
  }

  /** RFC 3389 section 4: described when silence begins, and again now and then. */
  #comfort(payloadType: number): void {
    this.sender.advance((this.#packets?.drop() ?? 0) * this.#ticksPerMs);
    this.#comfortIn = (this.#comfortIn ?? 0) - FRAME_MS;
    if (this.#comfortIn < 0) {
      this.#comfortIn = COMFORT_EVERY_MS - FRAME_MS;
      this.#send(this.sender.packet(COMFORT_LEVEL, 0, 1, payloadType, 'no-marker'));
    }
    this.sender.advance(FRAME_MS * this.#ticksPerMs);
  }

  get #ticksPerMs(): number {
    return this.format?.ticksPerMs ?? 8;
  }

  /** Time passes unsent: what comes next begins a talkspurt (RFC 3551 section 4.1). */
  #skip(ms: number): void {
    if (ms === 0) return;
    this.sender.advance(ms * this.#ticksPerMs);
    this.#marker = 'marker';
  }

  readonly #packet = (payload: Uint8Array, start: number, end: number, ms: number): void => {
    const packet = this.sender.packet(payload, start, end, this.#payloadType, this.#marker);
    this.#marker = 'no-marker';
    this.sender.advance(ms * this.#ticksPerMs);
    this.#send(packet);
  };

  #send(packet: Uint8Array): void {
    // The ring of buffers allows a few to be under way; with more the kernel is choking and late sound is no use.
    if (this.#socket.queued >= 4) {
      this.sender.unsent();
      this.#onCongested();
      return;
    }
    this.#socket.send(packet, this.#to.port, this.#to.address);
  }
}
