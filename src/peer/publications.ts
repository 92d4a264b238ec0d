import { type AddTrackRequest, Encryption_Type, TrackType } from '@livekit/protocol';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { TrackId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { BrowserMedia } from '../sdp/browser.ts';
import { type CodecLine, idleCodecs, type PublishWish, publishCodecs, RED } from '../sdp/browser-codecs.ts';
import type { SectionContent } from '../sdp/browser-write.ts';
import { announcedTrackInfo, sourceByNumber } from './livekit-info.ts';
import type { PeerTransport } from './transport.ts';
import { announcedVideo } from './video-layers.ts';

/** A track that the client announced; live once an m-line carries it. */
interface Publication {
  readonly sid: TrackId;
  readonly request: AddTrackRequest;
  muted: boolean;
  mid: string | undefined;
  track: Track | undefined;
}

/** Why an announcement was refused. */
export type PublishRefusal = 'not-allowed' | 'too-many' | 'no-medium';

/** Tracks one client may have announced or live. */
const MAX_PUBLICATIONS = 32;
/** Features that one track may be said to have. */
const MAX_FEATURES = 16;

/** What a client publishes: its announcements (AddTrackRequest) matched with the m-lines on which it sends. */
export class Publications {
  readonly #room: RoomHandle;
  readonly #participant: Participant;
  readonly #random: Random;
  readonly #bySid = new Map<TrackId, Publication>();
  readonly #byMid = new Map<string, Publication>();
  /** M-lines on which the client sends what it has not announced yet. */
  #unannounced = new Map<string, BrowserMedia>();
  /** What was answered on each m-line on which the client sends. */
  readonly #agreed = new Map<string, readonly CodecLine[]>();
  #transport: PeerTransport | undefined;

  constructor(room: RoomHandle, participant: Participant, random: Random) {
    this.#room = room;
    this.#participant = participant;
    this.#random = random;
  }

  /** Takes an announcement. The client waits for the track's sid before anything else. */
  announce(
    request: AddTrackRequest,
  ): { sid: TrackId; info: ReturnType<typeof announcedTrackInfo> } | PublishRefusal {
    const { canPublish, publishSources } = this.#participant.permissions;
    const source = sourceByNumber(request.source);
    if (!canPublish || (publishSources.length > 0 && !publishSources.includes(source))) return 'not-allowed';
    if (request.type !== TrackType.AUDIO && request.type !== TrackType.VIDEO) return 'no-medium';
    const same = [...this.#bySid.values()].find(
      ({ sid, request: { cid } }) => cid === request.cid || (request.sid !== '' && sid === request.sid),
    );
    if (same !== undefined) return { sid: same.sid, info: announcedTrackInfo(same.sid, same.request) };
    if (this.#bySid.size >= MAX_PUBLICATIONS) return 'too-many';
    const sid = newId(this.#random, 'TR');
    const publication: Publication = { sid, request, muted: request.muted, mid: undefined, track: undefined };
    this.#bySid.set(sid, publication);
    return { sid, info: announcedTrackInfo(sid, request) };
  }

  /** An m-line of an offer on which the client may send: which announcement it is, and what we answer. */
  decide(media: BrowserMedia): SectionContent {
    const { codecs, extensions, mid } = media;
    if (!this.#participant.permissions.canPublish)
      return { type: 'idle', codecs: idleCodecs(codecs), extensions };
    const publication = this.#byMid.get(mid) ?? this.#match(media);
    const taken = publishCodecs(codecs, wishOf(publication?.request));
    if (taken.length === 0) return { type: 'idle', codecs: idleCodecs(codecs), extensions };
    if (publication === undefined) this.#unannounced.set(mid, media);
    this.#agreed.set(mid, taken);
    return { type: 'receive', codecs: taken, extensions, simulcast: media.simulcast };
  }

  /** After an offer was answered: what no m-line carries any more ends, what one carries now begins. */
  settle(media: readonly BrowserMedia[], transport: PeerTransport): void {
    this.#transport = transport;
    const sending = new Set(media.filter(isSending).map(({ mid }) => mid));
    for (const [mid, publication] of [...this.#byMid]) if (!sending.has(mid)) this.#end(publication);
    for (const mid of [...this.#unannounced.keys()]) if (!sending.has(mid)) this.#unannounced.delete(mid);
    for (const mid of [...this.#agreed.keys()]) if (!sending.has(mid)) this.#agreed.delete(mid);
    for (const section of media) {
      const publication = this.#byMid.get(section.mid);
      if (publication !== undefined && publication.track === undefined) this.#begin(publication, section);
    }
  }

  /** Connects announcements with m-lines that were there before them. */
  matchUnannounced(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    for (const media of [...this.#unannounced.values()]) {
      const publication = this.#match(media);
      if (publication === undefined) continue;
      this.#unannounced.delete(media.mid);
      this.#begin(publication, media);
    }
  }

  /** The track was announced by this client and has not ended. */
  has(sid: TrackId): boolean {
    return this.#bySid.has(sid);
  }

  /** The room has taken the track back. False: there was none. */
  withdraw(sid: TrackId): boolean {
    const publication = this.#bySid.get(sid);
    if (publication !== undefined) this.#end(publication);
    return publication !== undefined;
  }

  mute(sid: TrackId, muted: boolean): void {
    const publication = this.#bySid.get(sid);
    if (publication === undefined) return;
    publication.muted = muted;
    if (publication.track !== undefined) this.#room.setMuted(this.#participant, sid, muted);
  }

  /** Closes the receivers; the room has forgotten the tracks with the participant. */
  close(): void {
    for (const { sid, track } of this.#bySid.values()) {
      if (track !== undefined) this.#room.media({ type: 'receiver.close', track: sid });
    }
    this.#bySid.clear();
    this.#byMid.clear();
    this.#unannounced.clear();
  }

  /** By client id; failing that the first announcement of the kind, for clients whose SDP names tracks otherwise. */
  #match(media: BrowserMedia): Publication | undefined {
    const type = media.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO;
    const waiting = [...this.#bySid.values()].filter(
      ({ mid, request }) => mid === undefined && request.type === type,
    );
    const named = waiting.find(
      ({ request }) =>
        request.cid === media.track ||
        request.simulcastCodecs.some(({ cid }) => cid !== '' && cid === media.track),
    );
    const found = named ?? waiting[0];
    if (found === undefined) return undefined;
    found.mid = media.mid;
    this.#byMid.set(media.mid, found);
    return found;
  }

  #begin(publication: Publication, media: BrowserMedia): void {
    const { request, sid } = publication;
    const codecs = this.#agreed.get(media.mid) ?? [];
    const codec = codecs.find(({ mime }) => mime !== RED);
    const transport = this.#transport;
    if (
      codec === undefined ||
      transport === undefined ||
      media.kind === 'application' ||
      media.kind === 'other'
    )
      return;
    const video = media.kind === 'video' ? announcedVideo(request, media.simulcast, codec.mime) : undefined;
    publication.track = {
      sid,
      name: request.name,
      kind: media.kind,
      source: sourceByNumber(request.source),
      origin: { from: 'transport', transport: transport.id },
      codecs,
      stream: request.stream,
      muted: publication.muted,
      disableDtx: request.disableDtx,
      stereo: request.stereo,
      ...(video && { video }),
      said: {
        ...{ mid: media.mid, cid: request.cid, encryption: request.encryption },
        backupCodecPolicy: request.backupCodecPolicy,
        audioFeatures: request.audioFeatures.slice(0, MAX_FEATURES),
        packetTrailerFeatures: request.packetTrailerFeatures.slice(0, MAX_FEATURES),
      },
    };
    this.#room.media({
      type: 'receiver.open',
      transport: transport.id,
      track: sid,
      kind: media.kind,
      mid: media.mid,
      ssrcs: media.ssrcs,
      codecs,
      extensions: media.extensions,
      ...(request.encryption !== Encryption_Type.NONE && { encryption: 'end-to-end' as const }),
      ...(video?.simulcast === true &&
        media.simulcast && {
          simulcast: {
            ridExtension: media.simulcast.ridExtension,
            repairedExtension: media.extensions.repairedRid ?? 0,
            rids: video.layers.map(({ rid }) => rid),
          },
        }),
    });
    if (publication.muted) this.#room.media({ type: 'receiver.mute', track: sid, muted: true });
    this.#room.publish(this.#participant, publication.track);
  }

  #end(publication: Publication): void {
    if (publication.mid !== undefined) this.#byMid.delete(publication.mid);
    this.#bySid.delete(publication.sid);
    if (publication.track === undefined) return;
    this.#room.unpublish(this.#participant, publication.sid);
    this.#room.media({ type: 'receiver.close', track: publication.sid });
  }
}

/** An m-line that carries, or may carry, something of the client's. */
export function isSending(media: BrowserMedia): boolean {
  const medium = media.kind === 'audio' || media.kind === 'video';
  return medium && !media.rejected && (media.direction === 'sendonly' || media.direction === 'sendrecv');
}

function wishOf(request: AddTrackRequest | undefined): PublishWish {
  return {
    video: request?.simulcastCodecs[0]?.codec.toLowerCase() ?? '',
    dtx: request !== undefined && !request.disableDtx,
    stereo: request?.stereo ?? false,
    red: request !== undefined && !request.disableRed,
  };
}
