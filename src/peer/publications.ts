import { AddTrackRequest, Encryption_Type, TrackType } from '@livekit/protocol';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { TrackId } from '../media/protocol.ts';
import type { Participant, Track, TrackSayings, TrackVideo, VideoForm } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { BrowserMedia } from '../sdp/browser.ts';
import { type CodecLine, idleCodecs, type PublishWish, publishCodecs, RED } from '../sdp/browser-codecs.ts';
import type { SectionContent } from '../sdp/browser-write.ts';
import { backupOf } from './backup-codec.ts';
import { announcedTrackInfo, sourceByNumber, trackInfo } from './livekit-info.ts';
import type { PeerTransport } from './transport.ts';
import { announcedVideo, pixels } from './video-layers.ts';

/** A track that the client announced; live once an m-line carries it. */
interface Publication {
  readonly sid: TrackId;
  /** What the client said of it, with what it has said anew since. */
  request: AddTrackRequest;
  muted: boolean;
  mid: string | undefined;
  track: Track | undefined;
  /** The same picture in a second codec: how the client calls it, and the m-line that carries it. */
  backup: { readonly cid: string; mid: string | undefined } | undefined;
}

/** What an m-line carries. */
interface Carried {
  readonly publication: Publication;
  readonly form: VideoForm;
}

/** Why an announcement was refused. */
export type PublishRefusal = 'not-allowed' | 'too-many' | 'too-long' | 'no-medium' | 'no-such-track';

/** Tracks one client may have announced or live. */
const MAX_PUBLICATIONS = 32;
/** Characters of each of a track's names: all in the room are told them, again and again. */
const MAX_NAME = 512;
/** Features that one track may be said to have. */
const MAX_FEATURES = 16;

/** What a client publishes: its announcements (AddTrackRequest) matched with the m-lines on which it sends. */
export class Publications {
  readonly #room: RoomHandle;
  readonly #participant: Participant;
  readonly #random: Random;
  readonly #bySid = new Map<TrackId, Publication>();
  readonly #byMid = new Map<string, Carried>();
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
    if ([request.name, request.cid, request.stream].some(({ length }) => length > MAX_NAME))
      return 'too-long';
    const same = [...this.#bySid.values()].find(
      ({ sid, request: { cid } }) => cid === request.cid || (request.sid !== '' && sid === request.sid),
    );
    if (same !== undefined) {
      if (same.request.cid !== request.cid) same.backup ??= { cid: request.cid, mid: undefined };
      const info =
        same.track === undefined ? announcedTrackInfo(same.sid, same.request) : trackInfo(same.track);
      return { sid: same.sid, info };
    }
    // A second codec of a track that has ended meanwhile.
    if (request.sid !== '') return 'no-such-track';
    if (this.#bySid.size >= MAX_PUBLICATIONS) return 'too-many';
    const sid = newId(this.#random, 'TR');
    const idle = { mid: undefined, track: undefined, backup: undefined };
    const publication: Publication = { sid, request, muted: request.muted, ...idle };
    this.#bySid.set(sid, publication);
    return { sid, info: announcedTrackInfo(sid, request) };
  }

  /** An m-line of an offer on which the client may send: which announcement it is, and what we answer. */
  decide(media: BrowserMedia): SectionContent {
    const { codecs, extensions, mid } = media;
    if (!this.#participant.permissions.canPublish)
      return { type: 'idle', codecs: idleCodecs(codecs), extensions };
    const carried = this.#byMid.get(mid) ?? this.#match(media);
    const taken = publishCodecs(codecs, wishOf(carried));
    if (taken.length === 0) return { type: 'idle', codecs: idleCodecs(codecs), extensions };
    if (carried === undefined) this.#unannounced.set(mid, media);
    this.#agreed.set(mid, taken);
    return { type: 'receive', codecs: taken, extensions, simulcast: media.simulcast };
  }

  /** After an offer was answered: what no m-line carries any more ends, what one carries now begins. */
  settle(media: readonly BrowserMedia[], transport: PeerTransport): void {
    this.#transport = transport;
    const sending = new Set(media.filter(isSending).map(({ mid }) => mid));
    for (const [mid, { form, publication }] of [...this.#byMid]) {
      if (sending.has(mid)) continue;
      if (form === 'first') this.#end(publication);
      else this.#endBackup(publication);
    }
    for (const mid of [...this.#unannounced.keys()]) if (!sending.has(mid)) this.#unannounced.delete(mid);
    for (const mid of [...this.#agreed.keys()]) if (!sending.has(mid)) this.#agreed.delete(mid);
    for (const section of media) {
      const carried = this.#byMid.get(section.mid);
      if (carried !== undefined) this.#begin(carried, section);
    }
  }

  /** Connects announcements with m-lines that were there before them. */
  matchUnannounced(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    for (const media of [...this.#unannounced.values()]) {
      const carried = this.#match(media);
      if (carried === undefined) continue;
      this.#unannounced.delete(media.mid);
      this.#begin(carried, media);
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

  /** Something else is said of a track that was announced. False: the client has no such track of that kind. */
  change(sid: TrackId, type: TrackType, said: Partial<AddTrackRequest>): boolean {
    const publication = this.#bySid.get(sid);
    if (publication?.request.type !== type) return false;
    publication.request = new AddTrackRequest({ ...publication.request, ...said });
    const { request, track } = publication;
    if (track !== undefined)
      this.#room.changeTrack(this.#participant, sid, {
        disableDtx: request.disableDtx,
        stereo: request.stereo,
        ...(track.video && { video: { ...track.video, ...pixels(request) } }),
        ...(track.said && { said: sayings(request, track.said.mid) }),
      });
    return true;
  }

  /** Closes the receivers; the room has forgotten the tracks with the participant. */
  close(): void {
    for (const { sid, track } of this.#bySid.values()) {
      if (track !== undefined) this.#room.media({ type: 'receiver.close', track: sid });
      if (track?.backup?.live !== undefined)
        this.#room.media({ type: 'receiver.close', track: track.backup.source });
    }
    this.#bySid.clear();
    this.#byMid.clear();
    this.#unannounced.clear();
  }

  /** By client id; failing that the first announcement of the kind, for clients whose SDP names tracks otherwise. */
  #match(media: BrowserMedia): Carried | undefined {
    for (const publication of this.#bySid.values()) {
      const { backup } = publication;
      if (backup === undefined || backup.mid !== undefined || backup.cid !== media.track) continue;
      backup.mid = media.mid;
      return this.#carry(media.mid, { publication, form: 'backup' });
    }
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
    return this.#carry(media.mid, { publication: found, form: 'first' });
  }

  #carry(mid: string, carried: Carried): Carried {
    this.#byMid.set(mid, carried);
    return carried;
  }

  /** What the m-line carries begins, if it has not. */
  #begin({ form, publication }: Carried, media: BrowserMedia): void {
    if (form === 'backup') this.#beginBackup(publication, media);
    else if (publication.track === undefined) this.#beginTrack(publication, media);
  }

  #beginTrack(publication: Publication, media: BrowserMedia): void {
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
      ...(video && { video, ...backupOf(request, codec.mime, this.#random) }),
      said: sayings(request, media.mid),
    };
    this.#receive(sid, publication, media, video);
    this.#room.publish(this.#participant, publication.track);
  }

  #beginBackup(publication: Publication, media: BrowserMedia): void {
    const { request, track } = publication;
    const codecs = this.#agreed.get(media.mid) ?? [];
    const [codec] = codecs;
    const backup = track?.backup;
    if (backup === undefined || backup.live !== undefined || codec === undefined) return;
    const video = announcedVideo(request, media.simulcast, codec.mime);
    backup.codecs = codecs;
    backup.live = { video, mid: media.mid, cid: publication.backup?.cid ?? '' };
    this.#receive(backup.source, publication, media, video);
    this.#room.backupChanged(this.#participant, publication.sid);
  }

  #receive(
    track: TrackId,
    { muted, request }: Publication,
    media: BrowserMedia,
    video: TrackVideo | undefined,
  ): void {
    const { extensions, kind, mid, simulcast, ssrcs } = media;
    if (this.#transport === undefined || (kind !== 'audio' && kind !== 'video')) return;
    this.#room.media({
      type: 'receiver.open',
      transport: this.#transport.id,
      ...{ track, kind, mid, ssrcs, extensions },
      codecs: this.#agreed.get(mid) ?? [],
      ...(request.encryption !== Encryption_Type.NONE && { encryption: 'end-to-end' as const }),
      ...(video?.simulcast === true &&
        simulcast && {
          simulcast: {
            ridExtension: simulcast.ridExtension,
            repairedExtension: extensions.repairedRid ?? 0,
            rids: video.layers.map(({ rid }) => rid),
          },
        }),
    });
    if (muted) this.#room.media({ type: 'receiver.mute', track, muted: true });
  }

  #end(publication: Publication): void {
    if (publication.mid !== undefined) this.#byMid.delete(publication.mid);
    this.#bySid.delete(publication.sid);
    this.#endBackup(publication);
    if (publication.track === undefined) return;
    this.#room.unpublish(this.#participant, publication.sid);
    this.#room.media({ type: 'receiver.close', track: publication.sid });
  }

  #endBackup(publication: Publication): void {
    const { sid, track } = publication;
    if (publication.backup?.mid !== undefined) this.#byMid.delete(publication.backup.mid);
    publication.backup = undefined;
    if (track?.backup?.live === undefined) return;
    track.backup.live = undefined;
    this.#room.media({ type: 'receiver.close', track: track.backup.source });
    if (this.#bySid.has(sid)) this.#room.backupChanged(this.#participant, sid);
  }
}

/** An m-line that carries, or may carry, something of the client's. */
export function isSending(media: BrowserMedia): boolean {
  const medium = media.kind === 'audio' || media.kind === 'video';
  return medium && !media.rejected && (media.direction === 'sendonly' || media.direction === 'sendrecv');
}

function sayings(request: AddTrackRequest, mid: string): TrackSayings {
  return {
    ...{ mid, cid: request.cid, encryption: request.encryption },
    backupCodecPolicy: request.backupCodecPolicy,
    audioFeatures: request.audioFeatures.slice(0, MAX_FEATURES),
    packetTrailerFeatures: request.packetTrailerFeatures.slice(0, MAX_FEATURES),
  };
}

function wishOf(carried: Carried | undefined): PublishWish {
  const request = carried?.publication.request;
  const backup = carried?.form === 'backup' ? carried.publication.track?.backup?.codecs[0]?.mime : undefined;
  const codec = backup ?? request?.simulcastCodecs[0]?.codec.toLowerCase() ?? '';
  return {
    codec: codec.replace(/^(audio|video)\//, ''),
    dtx: request !== undefined && !request.disableDtx,
    stereo: request?.stereo ?? false,
    red: request !== undefined && !request.disableRed,
  };
}
