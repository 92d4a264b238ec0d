import type { UpdateTrackSettings } from '@livekit/protocol';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { MediaKind, SenderId, TrackId } from '../media/protocol.ts';
import type { Participant, Track, VideoForm } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import { type CodecLine, carryCodecs, type HeaderExtensions, idleCodecs } from '../sdp/browser-codecs.ts';
import type { SectionContent } from '../sdp/browser-write.ts';
import { streamOf } from './livekit-info.ts';
import type { PeerTransport } from './transport.ts';
import { sourceOf } from './video-form.ts';
import { WantedTrack } from './wanted-track.ts';

/**
 * What an m-line towards the client is used for. `draining`: its track is gone, but the client was not told yet;
 * it must see the m-line idle once before another track may use it, or it would take the new one for the old.
 */
type SlotState =
  | { readonly name: 'idle' }
  | {
      readonly name: 'assigned' | 'sending';
      readonly wanted: WantedTrack;
      readonly ssrc: number;
      readonly rtxSsrc: number;
      sender: SenderId | undefined;
    }
  | { readonly name: 'draining' };

interface Slot {
  readonly mid: string;
  readonly kind: MediaKind;
  state: SlotState;
  codecs: readonly CodecLine[];
  extensions: HeaderExtensions;
  /** What the client answered to our offer, when the offer was ours. */
  agreed: SlotOffer | undefined;
}

/** What the browser can take on an m-line. */
export interface SlotOffer {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly codecs: readonly CodecLine[];
  readonly extensions: HeaderExtensions;
}

/** What a {@link Downlink} tells of codecs. */
export interface DownlinkNews {
  /** The client has no codec for a track. */
  unmatched(track: TrackId): void;
  /** The client gets a video in another form than the first, and has a use for layers up to this one. */
  changedForm(track: TrackId, layer: number, form: VideoForm): void;
}

/** The m-lines towards one client: which track is on which, with which SSRC, and what is still to be negotiated. */
export class Downlink {
  readonly #room: RoomHandle;
  readonly #random: Random;
  readonly #wanted = new Map<TrackId, WantedTrack>();
  readonly #slots = new Map<string, Slot>();
  readonly #news: DownlinkNews;

  constructor(room: RoomHandle, random: Random, news: DownlinkNews) {
    this.#room = room;
    this.#random = random;
    this.#news = news;
  }

  add(track: Track, publisher: Participant): void {
    if (!this.#wanted.has(track.sid)) this.#wanted.set(track.sid, new WantedTrack(track, publisher));
  }

  /** Stops sending at once; the m-line drains. False: the track was not there. */
  remove(track: TrackId): boolean {
    if (!this.#wanted.delete(track)) return false;
    for (const slot of this.#slots.values()) {
      if (slot.state.name !== 'assigned' && slot.state.name !== 'sending') continue;
      if (slot.state.wanted.track.sid !== track) continue;
      this.#closeSender(slot.state.sender);
      slot.state = { name: 'draining' };
    }
    return true;
  }

  /** Pauses or resumes a track's packets. */
  pause(track: TrackId, paused: boolean): void {
    const wanted = this.#wanted.get(track);
    if (wanted !== undefined) this.#tell(this.#senderOf(wanted), wanted.pause(paused));
  }

  /** What the client wants of a track for now: whether at all, and how large (UpdateTrackSettings). */
  adjust(track: TrackId, settings: UpdateTrackSettings): void {
    const wanted = this.#wanted.get(track);
    if (wanted !== undefined) this.#tell(this.#senderOf(wanted), wanted.adjust(settings));
  }

  /** The largest layer of a track that the client has a use for now; -1: none; and in which form. */
  demanded(track: TrackId): { readonly layer: number; readonly form: VideoForm } {
    const wanted = this.#wanted.get(track);
    return { layer: wanted?.demanded ?? Number.POSITIVE_INFINITY, form: wanted?.form ?? 'first' };
  }

  /** A track's backup has come, and whoever can take it gets it from now on, with no new description: both were agreed on. */
  replace({ backup, sid }: Track): void {
    const wanted = this.#wanted.get(sid);
    if (wanted === undefined || backup === undefined || wanted.form === 'backup') return;
    const slot = this.#slotOf(wanted);
    if (slot !== undefined && carryCodecs(backup.codecs, (slot.agreed ?? slot).codecs).length === 0) return;
    this.#take(wanted, 'backup');
    const sender = this.#senderOf(wanted);
    if (sender === undefined) return;
    this.#room.media({ type: 'sender.source', sender, track: backup.source });
    this.#room.media({ type: 'sender.layer', sender, layer: wanted.layer ?? Number.POSITIVE_INFINITY });
  }

  /** Decides what an m-line that the client takes media on shall carry in the description being made. */
  decide(offer: SlotOffer): SectionContent {
    const slot = this.#slot(offer);
    slot.codecs = offer.codecs;
    slot.extensions = offer.extensions;
    slot.agreed = undefined;
    if (slot.state.name === 'draining') slot.state = { name: 'idle' };
    else if (slot.state.name === 'idle') this.#assign(slot);
    if (slot.state.name === 'idle') return idle(slot);
    const { rtxSsrc, ssrc, wanted } = slot.state;
    const codecs = this.#carried(wanted, slot.codecs);
    if (codecs.length === 0) {
      this.#giveUp(slot, wanted);
      return idle(slot);
    }
    return {
      type: 'send',
      codecs,
      extensions: slot.extensions,
      // Track in the stream's name: a transceiver that is used again keeps its first track id, but not its stream. Who is told
      // the stream in its stead finds the track by `midToTrackId`.
      stream: `${wanted.publisher.sid}|${this.#room.settings.syncStreams ? streamOf(wanted.track) : wanted.track.sid}`,
      track: wanted.track.sid,
      ssrc,
      rtxSsrc,
      cname: wanted.publisher.sid,
    };
  }

  /** Makes an m-line of our own offer. */
  open(offer: SlotOffer): void {
    this.#slot(offer);
  }

  /** An m-line that is gone, or on which the client takes nothing: its track needs another one. */
  retire(mid: string): void {
    const slot = this.#slots.get(mid);
    if (slot === undefined) return;
    if (slot.state.name === 'assigned' || slot.state.name === 'sending') this.#closeSender(slot.state.sender);
    this.#slots.delete(mid);
  }

  /** The description is settled: packets flow on every m-line that it gave a track. */
  settle(transport: PeerTransport): void {
    for (const slot of this.#slots.values()) {
      if (slot.state.name !== 'assigned') continue;
      const { rtxSsrc, ssrc, wanted } = slot.state;
      const { playoutDelay } = this.#room.settings;
      const sender = newId(this.#random, 'SN');
      this.#room.media({
        type: 'sender.open',
        sender,
        transport: transport.id,
        track: sourceOf(wanted),
        kind: slot.kind,
        mid: slot.mid,
        ssrc,
        rtxSsrc,
        cname: wanted.publisher.sid,
        codecs: this.#carried(wanted, (slot.agreed ?? slot).codecs),
        extensions: (slot.agreed ?? slot).extensions,
        ...(slot.kind === 'video' && playoutDelay && { playoutDelay }),
      });
      this.#tell(sender, wanted.terms);
      slot.state = { name: 'sending', wanted, ssrc, rtxSsrc, sender };
    }
  }

  /** The client's answer on an m-line of our offer: it may have fewer codecs, or none. */
  answered(offer: SlotOffer): void {
    const slot = this.#slots.get(offer.mid);
    if (slot === undefined) return;
    if (slot.state.name !== 'assigned') return;
    slot.agreed = offer;
    const { wanted } = slot.state;
    if (this.#carried(wanted, offer.codecs).length === 0) this.#giveUp(slot, wanted);
  }

  /** What a sender carries. */
  carried(sender: SenderId): { readonly track: Track; readonly publisher: Participant } | undefined {
    for (const { state } of this.#slots.values())
      if (state.name === 'sending' && state.sender === sender) return state.wanted;
    return undefined;
  }

  /** Which track is on which m-line: the client's map from transceiver to track. */
  midToTrackId(): Record<string, string> {
    const map: Record<string, string> = {};
    for (const { mid, state } of this.#slots.values()) {
      if (state.name === 'assigned' || state.name === 'sending') map[mid] = state.wanted.track.sid;
    }
    return map;
  }

  /**
   * M-lines that lack, per kind, and whether a negotiation would change anything when `spare` m-lines at most can be
   * added. Who finds no m-line waits until one is free.
   */
  needs(spare: number): { audios: number; videos: number; negotiate: boolean } {
    const waiting = { audio: 0, video: 0 };
    const free = { audio: 0, video: 0 };
    let negotiate = false;
    for (const wanted of this.#wanted.values()) {
      if (!wanted.unmatched && this.#slotOf(wanted) === undefined) waiting[wanted.track.kind]++;
    }
    for (const { kind, state } of this.#slots.values()) {
      if (state.name === 'idle' || state.name === 'draining') free[kind]++;
      if (state.name === 'draining') negotiate = true;
    }
    const audios = Math.min(spare, Math.max(0, waiting.audio - free.audio));
    const videos = Math.min(spare - audios, Math.max(0, waiting.video - free.video));
    for (const kind of ['audio', 'video'] as const) if (waiting[kind] > 0 && free[kind] > 0) negotiate = true;
    return { audios, videos, negotiate: negotiate || audios + videos > 0 };
  }

  /** The last description may not have arrived: an m-line that it made idle has to be seen idle once more. */
  unsure(): void {
    for (const slot of this.#slots.values())
      if (slot.state.name === 'idle') slot.state = { name: 'draining' };
  }

  /** All m-lines, in the order in which they came to be. */
  get slots(): Iterable<SlotOffer> {
    return this.#slots.values();
  }

  close(): void {
    for (const { state } of this.#slots.values()) {
      if (state.name === 'assigned' || state.name === 'sending') this.#closeSender(state.sender);
    }
    this.#slots.clear();
    this.#wanted.clear();
  }

  #slot(offer: SlotOffer): Slot {
    const known = this.#slots.get(offer.mid);
    if (known !== undefined) return known;
    const slot: Slot = { ...offer, state: { name: 'idle' }, agreed: undefined };
    this.#slots.set(offer.mid, slot);
    return slot;
  }

  #slotOf(wanted: WantedTrack): Slot | undefined {
    for (const slot of this.#slots.values()) {
      if ((slot.state.name === 'assigned' || slot.state.name === 'sending') && slot.state.wanted === wanted)
        return slot;
    }
    return undefined;
  }

  #assign(slot: Slot): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.unmatched || wanted.track.kind !== slot.kind || this.#slotOf(wanted) !== undefined) continue;
      if (this.#carried(wanted, slot.codecs).length === 0) {
        this.#giveUp(slot, wanted);
        continue;
      }
      const ssrc = this.#freshSsrc(0);
      slot.state = { name: 'assigned', wanted, ssrc, rtxSsrc: this.#freshSsrc(ssrc), sender: undefined };
      return;
    }
  }

  /**
   * In which of the codecs that the client takes the track can come: its own, and those of its backup, which may replace it; or those
   * of the backup alone, which is asked for now.
   */
  #carried(wanted: WantedTrack, offered: readonly CodecLine[]): CodecLine[] {
    const { backup, codecs } = wanted.track;
    const own = carryCodecs(codecs, offered);
    if (backup === undefined) return own;
    const other = carryCodecs(backup.codecs, offered);
    if (own.length === 0 && other.length > 0) this.#take(wanted, 'backup');
    else if (other.length === 0) this.#take(wanted, 'first');
    return [...own, ...other];
  }

  #take(wanted: WantedTrack, form: VideoForm): void {
    if (wanted.take(form)) this.#news.changedForm(wanted.track.sid, wanted.demanded, form);
  }

  #senderOf(wanted: WantedTrack): SenderId | undefined {
    const { state } = this.#slotOf(wanted) ?? {};
    return state?.name === 'sending' ? state.sender : undefined;
  }

  #tell(sender: SenderId | undefined, terms: WantedTrack['terms']): void {
    if (sender !== undefined) for (const one of terms) this.#room.media({ ...one, sender });
  }

  #giveUp(slot: Slot, wanted: WantedTrack): void {
    wanted.unmatched = true;
    if (slot.state.name === 'sending') this.#closeSender(slot.state.sender);
    if (slot.state.name === 'assigned' || slot.state.name === 'sending') slot.state = { name: 'idle' };
    this.#news.unmatched(wanted.track.sid);
  }

  /** An SSRC that no m-line of this client has (RFC 3550 section 8), neither 0 nor `other`. */
  #freshSsrc(other: number): number {
    for (;;) {
      const ssrc = this.#random.u32();
      const taken = [...this.#slots.values()].some(
        ({ state }) => 'ssrc' in state && (state.ssrc === ssrc || state.rtxSsrc === ssrc),
      );
      if (ssrc !== 0 && ssrc !== other && !taken) return ssrc;
    }
  }

  #closeSender(sender: SenderId | undefined): void {
    if (sender !== undefined) this.#room.media({ type: 'sender.close', sender });
  }
}

function idle(slot: Slot): SectionContent {
  return { type: 'idle', codecs: idleCodecs(slot.codecs), extensions: slot.extensions };
}
