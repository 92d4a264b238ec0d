import { SessionDescription } from '@livekit/protocol';
import type { Alarm } from '../base/wake-queue.ts';
import type { MediaKind } from '../media/protocol.ts';
import type { RoomHandle } from '../room/ports.ts';
import { readBrowserSdp } from '../sdp/browser.ts';
import { idleCodecs } from '../sdp/browser-codecs.ts';
import { answerSections, type Section, type SectionContent, writeBrowserSdp } from '../sdp/browser-write.ts';
import { BROWSER_SDP_LIMITS } from '../sdp/parse.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { PeerContext } from './context.ts';
import type { Downlink } from './downlink.ts';
import { isSending, type Publications } from './publications.ts';
import {
  optionalExtensions,
  serverCodecs,
  serverExtensions,
  serverVideoExtensions,
} from './server-codecs.ts';
import { PeerTransport } from './transport.ts';

/** Changes that come together are offered together, ms. */
const GATHER_MS = 10;

/** Where our own offering stands: at most one offer is out, and what changes meanwhile waits for its answer. */
type Offering =
  | { readonly name: 'stable' }
  | { readonly name: 'offered'; readonly id: number; again: 'offer' | 'rest' };

/**
 * Two peer connections (`/rtc`): the client offers what it publishes on one, we offer what it subscribes to on the
 * other, which is the primary one and offered at once.
 */
export class DualConnection implements Connection {
  readonly downlink: Downlink;
  readonly primary: PeerTransport;
  readonly #context: PeerContext;
  readonly #room: RoomHandle;
  readonly #owner: ConnectionOwner;
  readonly #publications: Publications;
  #publisher: PeerTransport | undefined;
  #offering: Offering = { name: 'stable' };
  #lastId = 0;
  #mids = 0;
  #alarm: Alarm | undefined;

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
    this.primary = this.#transport();
    this.#offer();
  }

  offer(sdp: string, id: number): boolean {
    const read = readBrowserSdp(sdp);
    if (!read.ok) {
      this.#owner.drop(`offer-${read.error}`);
      return false;
    }
    const offer = read.value;
    this.#publisher ??= this.#transport();
    const sections = answerSections(offer, (media): SectionContent => {
      if (media.kind === 'application') {
        return this.#context.options.dataChannels ? { type: 'data' } : { type: 'reject' };
      }
      if (isSending(media)) return this.#publications.decide(media);
      return { type: 'idle', codecs: idleCodecs(media.codecs), extensions: media.extensions };
    });
    this.#publisher.remote(offer);
    this.#owner.send({
      case: 'answer',
      value: new SessionDescription({
        type: 'answer',
        sdp: writeBrowserSdp(this.#publisher.setup, sections, this.#publisher.describe()),
        id,
      }),
    });
    this.#publications.settle(offer.media, this.#publisher);
    return true;
  }

  answer(sdp: string, id: number): boolean {
    const offering = this.#offering;
    // Older clients do not number their answers.
    if (offering.name !== 'offered' || (id !== 0 && id !== offering.id)) {
      this.#owner.drop('answer-unasked');
      return false;
    }
    const read = readBrowserSdp(sdp, optionalExtensions(this.#room.settings));
    if (!read.ok) {
      this.#owner.drop(`answer-${read.error}`);
      return false;
    }
    this.primary.remote(read.value);
    for (const { codecs, extensions, kind, mid, rejected } of read.value.media) {
      if (kind !== 'audio' && kind !== 'video') continue;
      this.downlink.answered({ mid, kind, codecs: rejected ? [] : codecs, extensions });
    }
    this.downlink.settle(this.primary);
    this.#offering = { name: 'stable' };
    if (offering.again === 'offer') this.changed();
    return true;
  }

  changed(): void {
    if (this.#offering.name === 'offered') {
      this.#offering.again = 'offer';
      return;
    }
    if (this.#alarm !== undefined) return;
    this.#alarm = this.#context.timers.schedule(this.#context.clock.now() + GATHER_MS, () => {
      this.#alarm = undefined;
      if (this.#offering.name === 'stable' && this.downlink.needs(this.#spare).negotiate) this.#offer();
    });
  }

  resumed(): void {
    this.#context.timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.downlink.unsure();
    // The client restarts ICE where it offers; here we do, and an offer that is out is void: a newer one replaces it.
    this.primary.restart();
    this.#offer();
  }

  close(): void {
    this.#context.timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.downlink.close();
    this.#publisher?.close();
    this.primary.close();
  }

  #offer(): void {
    const sections: Section[] = [];
    const { audios, videos } = this.downlink.needs(this.#spare);
    // Never shrinks: an m-line once offered stays (RFC 3264 section 8). Media-less, ICE would have no m-line at all.
    this.#grow('audio', this.#mids === 0 ? Math.max(1, audios) : audios);
    this.#grow('video', videos);
    for (const slot of this.downlink.slots) {
      const content = this.downlink.decide(slot);
      sections.push({ type: slot.kind, protocol: 'UDP/TLS/RTP/SAVPF', mid: slot.mid, content });
    }
    if (this.#context.options.dataChannels) {
      sections.splice(1, 0, {
        type: 'application',
        protocol: 'UDP/DTLS/SCTP',
        mid: 'data',
        content: { type: 'data' },
      });
    }
    const id = ++this.#lastId;
    // What is draining goes idle with this offer; who waits for such an m-line gets it with the next one.
    const again = this.downlink.needs(this.#spare).negotiate ? 'offer' : 'rest';
    this.#offering = { name: 'offered', id, again };
    this.#owner.send({
      case: 'offer',
      value: new SessionDescription({
        type: 'offer',
        sdp: writeBrowserSdp('actpass', sections, this.primary.describe()),
        id,
        midToTrackId: this.downlink.midToTrackId(),
      }),
    });
  }

  /** M-lines that our offers may still grow by; one is the data channels'. */
  get #spare(): number {
    return BROWSER_SDP_LIMITS.mediaLines - 1 - this.#mids;
  }

  #grow(kind: MediaKind, count: number): void {
    for (let i = 0; i < count; i++) {
      const codecs = serverCodecs.filter(({ mime }) => mime.startsWith(kind));
      const isVideo = kind === 'video';
      const extensions = isVideo ? serverVideoExtensions(this.#room.settings) : serverExtensions;
      this.downlink.open({ mid: String(this.#mids++), kind, codecs, extensions });
    }
  }

  #transport(): PeerTransport {
    const policy = this.#context.icePolicy(this.#room.name);
    return new PeerTransport(this.#room, this.#context, policy, (event, transport) =>
      this.#owner.onMedia(event, transport),
    );
  }
}
