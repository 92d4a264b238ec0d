import { LeaveRequest_Action } from '@livekit/protocol';
import type { LeaveReason } from '../room/participant.ts';
import type { Admission } from './admission.ts';
import type { PeerContext, SignalSocket } from './context.ts';
import { leaveRequest } from './join-response.ts';
import { PeerLink } from './link.ts';
import { PeerSession } from './session.ts';

/** All signaling sessions: a WebSocket begins one, or takes up one that lost its own. */
export class PeerSessions {
  readonly #context: PeerContext;
  readonly #bySid = new Map<string, PeerSession>();

  constructor(context: PeerContext) {
    this.#context = context;
  }

  /** Sessions that are in a room, with or without a WebSocket. */
  get size(): number {
    return this.#bySid.size;
  }

  /** The session's end of a WebSocket whose client was let in. */
  open(socket: SignalSocket, admission: Admission): PeerLink {
    return new PeerLink(socket, (link) =>
      admission.resume ? this.#resume(link, admission) : this.#begin(link, admission),
    );
  }

  #begin(link: PeerLink, admission: Admission): PeerSession {
    const session = new PeerSession(this.#context, link, admission, (sid) => this.#bySid.delete(sid));
    session.start();
    if (session.sid !== undefined) this.#bySid.set(session.sid, session);
    return session;
  }

  /** A sid is no secret: the token decides whose session it can be. */
  #resume(link: PeerLink, admission: Admission): PeerSession | undefined {
    const { connections, grants, participantSid } = admission;
    const participant = this.#context.rooms.find(grants.room)?.participants.get(grants.identity);
    if (participant !== undefined && participantSid !== '' && participantSid !== participant.sid) {
      // Somebody of the same name came meanwhile. Beginning anew would put them out in turn, and so on for ever.
      this.#refuse(link, 'duplicate_identity', LeaveRequest_Action.DISCONNECT);
      return undefined;
    }
    const session = participant && this.#bySid.get(participant.sid);
    if (session === undefined || session.connections !== connections) {
      this.#refuse(link, 'state_mismatch', LeaveRequest_Action.RECONNECT);
      return undefined;
    }
    session.resume(link);
    return session;
  }

  #refuse(link: PeerLink, reason: LeaveReason, action: LeaveRequest_Action): void {
    this.#context.emit({ type: 'dropped', where: 'signal', reason: `resume-${reason}`, count: 1 });
    link.send({ case: 'leave', value: leaveRequest(reason, action) });
    link.close(1000, reason);
  }
}
