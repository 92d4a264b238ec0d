import { AddTrackRequest, TrackSource, TrackType } from '@livekit/protocol';
import { randomText } from '../base/ids.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { MediaEvent, TrackId } from '../media/protocol.ts';
import { connectionScore } from '../room/connection-score.ts';
import type { Door, LeaveReason, Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { BrowserDescription, BrowserMedia } from '../sdp/browser.ts';
import { idleCodecs } from '../sdp/browser-codecs.ts';
import { answerSections, type Section, type SectionContent, writeBrowserSdp } from '../sdp/browser-write.ts';
import { readFragment, writeFragment } from '../sdp/fragment.ts';
import type { PeerContext } from './context.ts';
import { Player } from './player.ts';
import { isSending, Publications } from './publications.ts';

import { PeerTransport, pathName } from './transport.ts';

/** Which way media go: to us (WHIP, RFC 9725), or from us (WHEP). */
export type HttpWay = 'publish' | 'play';

/**
 * A participant that has no signaling but HTTP: one offer, one answer, and ICE after that. What it publishes is
 * announced in its name; what it plays is whatever the room has.
 */
export class HttpSession implements Door {
  /** Nobody guesses it: who has it may end the session. */
  readonly id: string;
  readonly way: HttpWay;
  readonly participant: Participant;
  readonly #context: PeerContext;
  readonly #room: RoomHandle;
  readonly #ended: () => void;
  readonly #publications: Publications;
  readonly #player: Player;
  readonly #transport: PeerTransport;
  readonly #openedAt: number;
  #offer: BrowserDescription | undefined;
  #tagged: Section | undefined;
  #restarts = 0;
  #connecting: Alarm | undefined;
  #over = false;

  constructor(
    context: PeerContext,
    joined: { readonly room: RoomHandle; readonly participant: Participant },
    way: HttpWay,
    ended: () => void,
  ) {
    const { clock, options, random, timers } = context;
    this.id = randomText(random, 32);
    this.way = way;
    this.#context = context;
    this.#room = joined.room;
    this.participant = joined.participant;
    this.#ended = ended;
    this.#publications = new Publications(this.#room, this.participant, random);
    this.#player = new Player(this.#room, random);
    this.#transport = new PeerTransport(this.#room, context, context.icePolicy(this.#room.name), (event) =>
      this.#onMedia(event),
    );
    this.#openedAt = clock.now();
    this.#connecting = timers.schedule(this.#openedAt + options.connectMs, () =>
      this.end('connection_timeout'),
    );
  }

  /** The room that it is in. */
  get room(): string {
    return this.#room.name;
  }

  /** Names the ICE session: another one after each restart (RFC 9725 section 4.3.1). */
  get etag(): string {
    return `"${this.id.slice(0, 8)}-${this.#restarts}"`;
  }

  /** Answers the offer, or says what of it cannot be. */
  answer(offer: BrowserDescription): Result<string, 'nothing-allowed'> {
    if (this.way === 'publish') this.#announce(offer.media);
    const sections = answerSections(offer, (media) => this.#decide(media));
    const used = sections.filter(({ content }) => content.type === 'receive' || content.type === 'send');
    if (used.length === 0) return fail('nothing-allowed');
    this.#offer = offer;
    this.#tagged = sections.find(({ content }) => content.type !== 'reject');
    this.#transport.remote(offer);
    const sdp = writeBrowserSdp(this.#transport.setup, sections, this.#transport.describe());
    this.#publications.settle(offer.media, this.#transport);
    this.#player.settle(this.#transport);
    return ok(sdp);
  }

  /** ICE begins anew with the far end's new credentials; answers ours. Undefined: the fragment has none. */
  restart(fragment: string): string | undefined {
    const ice = readFragment(fragment);
    if (ice === undefined || this.#offer === undefined || this.#tagged === undefined) return undefined;
    if (ice.ufrag === this.#offer.ice.ufrag) return undefined;
    this.#offer = { ...this.#offer, ice };
    this.#transport.remote(this.#offer);
    this.#restarts++;
    return writeFragment(this.#transport.describe(), this.#tagged);
  }

  /** Takes the participant out. Harmless when it is over. */
  end(reason: LeaveReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#context.timers.cancel(this.#connecting);
    this.#ended();
    this.#room.leave(this.participant, reason);
    this.#publications.close();
    this.#player.close();
    this.#transport.close();
  }

  // -- Door: most of what a room tells, there is no way to say

  participantsChanged(): void {}
  speakersChanged(): void {}
  dataReceived(): void {}
  muteRequested(): void {}

  subscribed(track: Track, publisher: Participant): void {
    if (this.way === 'play') this.#player.give(track, publisher);
  }

  unsubscribed({ sid }: Track): void {
    this.#player.withdraw(sid);
  }

  unpublished({ sid }: { readonly sid: TrackId }): void {
    this.#publications.withdraw(sid);
  }

  removed(reason: LeaveReason): void {
    this.end(reason);
  }

  /** Each m-line on which the far end sends is a track. */
  #announce(media: readonly BrowserMedia[]): void {
    for (const { kind, mid, track } of media.filter(isSending)) {
      const [type, source] =
        kind === 'audio' ? [TrackType.AUDIO, TrackSource.MICROPHONE] : [TrackType.VIDEO, TrackSource.CAMERA];
      this.#publications.announce(
        new AddTrackRequest({ cid: track || mid, name: kind, type, source, disableRed: true }),
      );
    }
  }

  #decide(media: BrowserMedia): SectionContent {
    if (media.kind === 'application') return { type: 'reject' };
    if (this.way === 'publish' && isSending(media)) return this.#publications.decide(media);
    const receives = media.direction === 'recvonly' || media.direction === 'sendrecv';
    if (this.way === 'play' && receives) return this.#player.decide(media);
    return { type: 'idle', codecs: idleCodecs(media.codecs), extensions: media.extensions };
  }

  #onMedia(event: MediaEvent): void {
    const { clock, emit, timers } = this.#context;
    const about = { transport: this.#transport.id, participant: this.participant.sid };
    switch (event.type) {
      case 'transport.connected':
        timers.cancel(this.#connecting);
        emit({
          type: 'transport.connected',
          ...about,
          path: pathName(event.path),
          connectMs: clock.now() - this.#openedAt,
        });
        this.#room.activate(this.participant);
        return;
      case 'transport.failed':
        emit({ type: 'transport.failed', ...about, reason: event.reason });
        this.end('connection_timeout');
        return;
      case 'transport.quality':
        this.#room.rate(this.participant, this.#transport.id, connectionScore(event.quality));
        return;
      default:
        return;
    }
  }
}
