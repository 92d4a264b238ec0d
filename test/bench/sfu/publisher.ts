import type { DatagramSocket } from '../../../src/base/net.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../../src/rtp/srtp/transform.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';
import {
  iceCheck,
  type MediumName,
  media,
  PROFILE,
  publisherId,
  sourceOf,
  toGateway,
  writePacket,
} from './packets.ts';
import { Cadence, phaseOf, Reports } from './reports.ts';

const buffer = new Uint8Array(2048 + SRTP_OVERHEAD);

/** One who speaks, or shows a picture, in a room of its own. */
export class Publisher {
  readonly #socket: DatagramSocket;
  readonly #medium: MediumName;
  readonly #room: number;
  readonly #port: number;
  readonly #sealer = new SrtpSealer(PROFILE, toGateway, srtpEngines.at(-1)?.make);
  readonly #check: Uint8Array;
  readonly #checks: Cadence;
  readonly #reports: Cadence;
  readonly #report: Reports;
  readonly #startedAt: number;
  #sent = 0;

  /** To the gateway's `port`, from `now` on, ms. */
  constructor(socket: DatagramSocket, medium: MediumName, room: number, port: number, now: number) {
    this.#socket = socket;
    this.#medium = medium;
    this.#room = room;
    this.#port = port;
    this.#report = new Reports(socket, port);
    this.#check = iceCheck(publisherId(room));
    this.#checks = new Cadence(media.checkEvery, phaseOf(room), now);
    this.#reports = new Cadence(media[medium].reportEvery, phaseOf(room), now);
    const { burst, perSecond } = media[medium];
    this.#startedAt = now + (phaseOf(room) * 1000 * burst) / perSecond;
  }

  /** Sends what is due; `total` packets at most. */
  work(now: number, total: number): void {
    const { burst, perSecond } = media[this.#medium];
    const bursts = Math.floor(((now - this.#startedAt) * perSecond) / 1000 / burst);
    const due = Math.min(total, burst * bursts);
    for (; this.#sent < due; this.#sent++) {
      const { headerEnd, length } = writePacket(buffer, this.#medium, this.#room, this.#sent);
      const sealed = this.#sealer.sealRtp(buffer, headerEnd, length);
      if (typeof sealed === 'string') throw new Error(sealed);
      this.#socket.send(buffer.subarray(0, sealed), this.#port, '127.0.0.1');
    }
    if (this.#checks.isDue(now)) this.#socket.send(this.#check, this.#port, '127.0.0.1');
    if (this.#sent > 0 && this.#reports.isDue(now)) this.#sendReport();
  }

  #sendReport(): void {
    const ssrc = sourceOf(this.#room);
    this.#report.send((writer) => {
      writer.senderReport({
        ssrc,
        ntpHigh: 0,
        ntpLow: 0,
        rtpTimestamp: 0,
        packets: this.#sent,
        octets: this.#sent * media[this.#medium].payload,
      });
      writer.cname(ssrc, publisherId(this.#room));
    });
  }
}
