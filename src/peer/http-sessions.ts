import { fail, ok, type Result } from '../base/result.ts';
import type { Door, JoinRefusal } from '../room/participant.ts';
import { readBrowserSdp } from '../sdp/browser.ts';
import type { IceServer, PeerContext } from './context.ts';
import type { Grants } from './grants.ts';
import { HttpSession, type HttpWay } from './http-session.ts';

/** Sessions without signaling that there may be. */
const MAX_SESSIONS = 2000;
/** Identities that any client reads out of a quoted parameter: OBS cuts at commas and semicolons, whatever the quotes say. */
const HEADER_NAME = /^[\w.@+~-]+$/;

/** A session that began: what its client is told. */
export interface HttpOpened {
  readonly session: HttpSession;
  readonly answer: string;
  readonly iceServers: readonly IceServer[];
}

/**
 * Why none began: an offer that is no such thing, or of which nothing is allowed or of use, or that leaves DTLS to be begun by an engine
 * that cannot; or no room.
 */
export type HttpRefusal = 'bad-offer' | 'nothing-allowed' | 'too-many' | JoinRefusal;

/** Participants that came by HTTP alone: WHIP (RFC 9725) and WHEP. */
export class HttpSessions {
  readonly #context: PeerContext;
  readonly #byId = new Map<string, HttpSession>();

  constructor(context: PeerContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(id: string): HttpSession | undefined {
    return this.#byId.get(id);
  }

  /** Brings somebody in who offers media; `source`: the address that asks, if known. */
  open(
    grants: Grants,
    way: HttpWay,
    sdp: string,
    source: string | undefined,
  ): Result<HttpOpened, HttpRefusal> {
    const offer = readBrowserSdp(sdp);
    if (!offer.ok) return this.#refuse('bad-offer');
    if (this.#byId.size >= MAX_SESSIONS) return this.#refuse('too-many');
    const { canPublish, canSubscribe } = grants.permissions;
    if (!(way === 'publish' ? canPublish : canSubscribe)) return this.#refuse('nothing-allowed');
    const { attributes, identity, kind, metadata, name, permissions, room, roomConfig } = grants;
    // The room speaks to its door from the first moment on, and the session cannot be before its participant.
    const door = new LateDoor();
    const joined = this.#context.rooms.join(
      { room, identity, name, kind, metadata, attributes, permissions, autoCreate: true, wish: roomConfig },
      door,
    );
    if (!joined.ok) return this.#refuse(joined.error);
    const session = new HttpSession(this.#context, joined.value, way, () => this.#byId.delete(session.id));
    door.session = session;
    const answer = session.answer(offer.value);
    if (!answer.ok) {
      session.end('join_failure');
      return this.#refuse(answer.error);
    }
    this.#byId.set(session.id, session);
    // Relays count by this name, which goes back in a header.
    const user = HEADER_NAME.test(identity) ? identity : session.participant.sid;
    return ok({ session, answer: answer.value, iceServers: this.#context.iceServers(user, source) });
  }

  #refuse(reason: HttpRefusal): Result<never, HttpRefusal> {
    this.#context.emit({ type: 'dropped', where: 'signal', reason: `http-media-${reason}`, count: 1 });
    return fail(reason);
  }
}

/** The door of a session that is about to be. */
class LateDoor implements Door {
  session: HttpSession | undefined;

  participantsChanged(): void {}
  speakersChanged(): void {}
  dataReceived(): void {}
  muteRequested(): void {}

  subscribed(...told: Parameters<Door['subscribed']>): void {
    this.session?.subscribed(...told);
  }

  unsubscribed(track: Parameters<Door['unsubscribed']>[0]): void {
    this.session?.unsubscribed(track);
  }

  unpublished(track: Parameters<Door['unsubscribed']>[0]): void {
    this.session?.unpublished(track);
  }

  removed(reason: Parameters<Door['removed']>[0]): void {
    this.session?.removed(reason);
  }
}
