import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { MediaKind, SenderId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { BrowserMedia } from '../sdp/browser.ts';
import { type CodecLine, carryCodecs, type HeaderExtensions, RED } from '../sdp/browser-codecs.ts';
import type { SectionContent } from '../sdp/browser-write.ts';
import { serverCodecs } from './server-codecs.ts';
import type { PeerTransport } from './transport.ts';

/** RED is left out: of one answer for tracks of all kinds, few players would know what to make of it. */
const playedCodecs = serverCodecs.filter(({ mime }) => mime !== RED);

/** An m-line on which the far end hears or sees one track at a time. */
interface Screen {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly codecs: readonly CodecLine[];
  readonly extensions: HeaderExtensions;
  showing: { readonly track: Track; readonly sender: SenderId } | undefined;
}

/**
 * Plays a room on m-lines that are negotiated once: each shows a track of its kind, and the next one when that ends.
 * The answer has every codec that both ends know, so that a phone can follow a browser on the same m-line, and no SSRC: each
 * track has one of its own, for SRTP's counters belong to it, and is known by its MID.
 */
export class Player {
  readonly #room: RoomHandle;
  readonly #random: Random;
  readonly #screens: Screen[] = [];
  /** Tracks that the room gives, in that order. */
  readonly #given = new Map<string, Track>();
  #transport: PeerTransport | undefined;

  constructor(room: RoomHandle, random: Random) {
    this.#room = room;
    this.#random = random;
  }

  /** An m-line of the offer on which the far end only receives. */
  decide({ codecs: offered, extensions, kind, mid }: BrowserMedia): SectionContent {
    const codecs = carryCodecs(playedCodecs, offered);
    if (codecs.length === 0 || (kind !== 'audio' && kind !== 'video')) return { type: 'reject' };
    this.#screens.push({ mid, kind, codecs, extensions, showing: undefined });
    const stream = this.#room.sid;
    return { type: 'send', codecs, extensions, stream, track: `${stream}-${mid}`, ssrc: 0, cname: stream };
  }

  /** The description is settled: what was given meanwhile is shown. */
  settle(transport: PeerTransport): void {
    this.#transport = transport;
    this.#fill();
  }

  give(track: Track, _publisher: Participant): void {
    this.#given.set(track.sid, track);
    this.#fill();
  }

  withdraw(sid: string): void {
    this.#given.delete(sid);
    for (const screen of this.#screens) {
      if (screen.showing?.track.sid !== sid) continue;
      this.#room.media({ type: 'sender.close', sender: screen.showing.sender });
      screen.showing = undefined;
    }
    this.#fill();
  }

  close(): void {
    for (const { showing } of this.#screens)
      if (showing !== undefined) this.#room.media({ type: 'sender.close', sender: showing.sender });
    this.#screens.length = 0;
    this.#given.clear();
  }

  #fill(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    for (const track of this.#given.values()) {
      if (this.#screens.some(({ showing }) => showing?.track === track)) continue;
      const free = this.#screens.find(
        (screen) =>
          screen.kind === track.kind &&
          screen.showing === undefined &&
          carryCodecs(track.codecs, screen.codecs).length > 0,
      );
      if (free !== undefined) this.#show(free, track, transport);
    }
  }

  #show(screen: Screen, track: Track, transport: PeerTransport): void {
    const sender = newId(this.#random, 'SN');
    screen.showing = { track, sender };
    this.#room.media({
      type: 'sender.open',
      transport: transport.id,
      track: track.sid,
      kind: screen.kind,
      mid: screen.mid,
      cname: this.#room.sid,
      codecs: carryCodecs(track.codecs, screen.codecs),
      extensions: screen.extensions,
      sender,
      ssrc: 1 + (this.#random.u32() % 0xffff_fffe),
    });
  }
}
