import { MediaSectionsRequirement, SessionDescription } from '@livekit/protocol';
import type { Alarm } from '../base/wake-queue.ts';
import type { RoomHandle } from '../room/ports.ts';
import { type BrowserMedia, readBrowserSdp } from '../sdp/browser.ts';
import { idleCodecs } from '../sdp/browser-codecs.ts';
import { answerSections, type SectionContent, writeBrowserSdp } from '../sdp/browser-write.ts';
import { BROWSER_SDP_LIMITS } from '../sdp/parse.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { PeerContext } from './context.ts';
import type { Downlink } from './downlink.ts';
import { isSending, type Publications } from './publications.ts';
import { optionalExtensions } from './server-codecs.ts';
import { PeerTransport } from './transport.ts';

/** Subscriptions that come together are asked for together, ms. */
const GATHER_MS = 10;
/** An offer that was asked for and did not come is asked for again, ms. */
const REPEAT_MS = 5_000;
/**
 * M-lines to which a connection may grow: some are left for what the client publishes, for an offer with more than
 * we read would leave the client without any answer.
 */
const MAX_SECTIONS = BROWSER_SDP_LIMITS.mediaLines - 8;

/**
 * One peer connection for both ways (`/rtc/v1`). The client makes every offer; when we need one, to give it a track
 * or to take one away, we ask by a MediaSectionsRequirement saying how many m-lines lack.
 */
export class SingleConnection implements Connection {
  readonly downlink: Downlink;
  readonly primary: PeerTransport;
  readonly #context: PeerContext;
  readonly #room: RoomHandle;
  readonly #owner: ConnectionOwner;
  readonly #publications: Publications;
  #alarm: Alarm | undefined;
  #asked = false;
  #sections = 0;

  constructor(
    context: PeerContext,
    room: RoomHandle,
    publications: Publications,
    downlink: Downlink,
    owner: ConnectionOwner,
  ) {
    this.#context = context;
    this.#room = room;
    this.#publications = publications;
    this.downlink = downlink;
    this.#owner = owner;
    this.primary = new PeerTransport(room, context, context.icePolicy(room.name), (event, transport) =>
      owner.onMedia(event, transport),
    );
  }

  offer(sdp: string, id: number): boolean {
    const read = readBrowserSdp(sdp, optionalExtensions(this.#room.settings));
    if (!read.ok) {
      this.#owner.drop(`offer-${read.error}`);
      return false;
    }
    const offer = read.value;
    const sections = answerSections(offer, (media) => this.#decide(media));
    for (const media of offer.media) if (media.rejected) this.downlink.retire(media.mid);
    this.primary.remote(offer);
    this.#owner.send({
      case: 'answer',
      value: new SessionDescription({
        type: 'answer',
        sdp: writeBrowserSdp(this.primary.setup, sections, this.primary.describe()),
        id,
        midToTrackId: this.downlink.midToTrackId(),
      }),
    });
    this.#publications.settle(offer.media, this.primary);
    this.downlink.settle(this.primary);
    this.#context.timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#asked = false;
    this.#sections = offer.media.length;
    this.changed();
    return true;
  }

  answer(): boolean {
    this.#owner.drop('answer-unasked');
    return false;
  }

  changed(): void {
    if (this.#asked || this.#alarm !== undefined) return;
    this.#alarm = this.#context.timers.schedule(this.#context.clock.now() + GATHER_MS, (now) =>
      this.#ask(now),
    );
  }

  resumed(): void {
    this.#context.timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#asked = false;
    this.downlink.unsure();
    // The client restarts ICE by an offer of its own.
    this.changed();
  }

  close(): void {
    this.#context.timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.downlink.close();
    this.primary.close();
  }

  #ask(now: number): void {
    this.#alarm = undefined;
    this.#asked = false;
    const spare = Math.max(0, MAX_SECTIONS - this.#sections);
    const { audios, negotiate, videos } = this.downlink.needs(spare);
    if (!negotiate) return;
    this.#owner.send({
      case: 'mediaSectionsRequirement',
      value: new MediaSectionsRequirement({ numAudios: audios, numVideos: videos }),
    });
    this.#asked = true;
    this.#alarm = this.#context.timers.schedule(now + REPEAT_MS, (again) => this.#ask(again));
  }

  #decide(media: BrowserMedia): SectionContent {
    if (media.kind === 'application') {
      return this.#context.options.dataChannels ? { type: 'data' } : { type: 'reject' };
    }
    if (isSending(media)) {
      this.downlink.retire(media.mid);
      return this.#publications.decide(media);
    }
    const kind = media.kind === 'audio' ? 'audio' : 'video';
    const { codecs, extensions, mid } = media;
    if (media.direction === 'recvonly') return this.downlink.decide({ mid, kind, codecs, extensions });
    this.downlink.retire(mid);
    return { type: 'idle', codecs: idleCodecs(codecs), extensions };
  }
}
