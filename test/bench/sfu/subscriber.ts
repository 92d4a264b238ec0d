import type { DatagramSocket } from '../../../src/base/net.ts';
import { findExtension, parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { Arrivals } from '../../../src/rtp/rtcp/arrivals.ts';
import { Reception } from '../../../src/rtp/rtcp/reception.ts';
import { writeTransportFeedback } from '../../../src/rtp/rtcp/transport-feedback.ts';
import { EXTENSIONS, iceCheck, type MediumName, media, sentSourceOf, subscriberId } from './packets.ts';
import { Cadence, phaseOf, Reports } from './reports.ts';

const view = new RtpView();

/** The clock of abs-send-time, seconds in 6.18 fixed point that wrap every 64 s, as ms that go on. */
class SendTime {
  #last = 0;
  #wraps = 0;

  read(bytes: Uint8Array, at: number): number {
    const time = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (this.#last - time > 1 << 23) this.#wraps++;
    this.#last = time;
    return this.#wraps * 64_000 + time / 262.144;
  }
}

/**
 * One who listens or watches, and answers as Chromium does. What is sealed is not opened: the header says enough. Packets count as
 * come when they were sent, as on a network that delays them all alike: else what is short of CPU here would look like a queue
 * there, and the gateway would send less.
 */
export class Subscriber {
  readonly #socket: DatagramSocket;
  readonly #port: number;
  readonly #ssrc: number;
  readonly #arrivals = new Arrivals();
  readonly #sendTime = new SendTime();
  readonly #reception: Reception;
  readonly #report: Reports;
  readonly #check: Uint8Array;
  readonly #checks: Cadence;
  readonly #reports: Cadence;
  /** Packets that came. */
  received = 0;

  /** The gateway is at `port`; from `now` on, ms. */
  constructor(socket: DatagramSocket, medium: MediumName, number: number, port: number, now: number) {
    this.#socket = socket;
    this.#port = port;
    this.#ssrc = sentSourceOf(number);
    this.#reception = new Reception(this.#ssrc, media[medium].clockRate);
    this.#report = new Reports(socket, port);
    this.#check = iceCheck(subscriberId(number));
    this.#checks = new Cadence(media.checkEvery, phaseOf(number), now);
    this.#reports = new Cadence(media[medium].reportEvery, phaseOf(number), now);
    socket.onDatagram = (bytes) => this.#hear(bytes);
  }

  /** Sends what is due. */
  work(now: number): void {
    if (this.#checks.isDue(now)) this.#socket.send(this.#check, this.#port, '127.0.0.1');
    if (this.received > 0 && this.#reports.isDue(now))
      this.#report.send((writer) => writer.receiverReport(this.#ssrc + 1, [this.#reception.report(now)]));
  }

  #hear(bytes: Uint8Array): void {
    // RTCP and ICE apart (RFC 7983, RFC 5761 section 4).
    if (bytes[0]! < 128 || (bytes[1]! >= 192 && bytes[1]! <= 223)) return;
    this.received++;
    if (parseRtp(bytes, bytes.length, view) !== undefined) return;
    this.#reception.push(view.sequence, view.timestamp, performance.now());
    const number = findExtension(view, EXTENSIONS.transportCc) >> 8;
    const time = findExtension(view, EXTENSIONS.absSendTime) >> 8;
    if (number === 0 || time === 0) return;
    const sentAt = this.#sendTime.read(bytes, time);
    // Chromium goes by what it may send itself, which is enough for the shortest pause.
    const sequence = (bytes[number]! << 8) | bytes[number + 1]!;
    if (!this.#arrivals.push(sequence, Number.POSITIVE_INFINITY, sentAt)) return;
    const report = this.#arrivals.take(sentAt);
    if (report === undefined) return;
    this.#report.send((writer) => {
      const parts = { sender: this.#ssrc + 1, media: this.#ssrc, ...report };
      writer.length = writeTransportFeedback(writer.bytes, 0, parts);
    });
  }
}
