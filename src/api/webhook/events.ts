import { type Job, WebhookEvent } from '@livekit/protocol';
import type { WallClock } from '../../base/clock.ts';
import { randomText } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { EventSink, GatewayEvent } from '../../events/index.ts';
import { participantInfo, roomInfo, trackInfo } from '../../peer/livekit-info.ts';
import type { RoomAdministration } from '../../room/administration.ts';
import type { Track } from '../../room/participant.ts';
import { type Present, Roll } from './roll.ts';
import { SipCalls } from './sip-calls.ts';

/** What a webhook's body will be: LiveKit's WebhookEvent in protobuf's JSON, and `sipCall` beside for phones. */
export type WebhookBody = Readonly<Record<string, unknown>>;

export interface WebhookEventsOptions {
  readonly rooms: RoomAdministration;
  /** An agent's job, while an event tells of it. */
  readonly job?: ((id: string) => Job | undefined) | undefined;
  readonly wall: WallClock;
  readonly random: Random;
  /** Takes an event for every endpoint; those of one `room` reach it in their order. Must not wait. */
  send(body: WebhookBody, room: string): void;
}

/** Turns what happens into LiveKit's webhook events (livekit_webhook.proto) and ours about phones. */
export class WebhookEvents {
  readonly #options: WebhookEventsOptions;
  readonly #roll: Roll;
  readonly #calls = new SipCalls();

  constructor(options: WebhookEventsOptions) {
    this.#options = options;
    this.#roll = new Roll(options.rooms);
  }

  /** Rooms, participants and calls that are held, for tests. */
  get size(): number {
    return this.#roll.size + this.#calls.size;
  }

  readonly sink: EventSink = (event) => {
    this.#roll.begin(event);
    this.#tell(event);
    this.#tellCall(event);
    this.#roll.end(event);
  };

  #tell(event: GatewayEvent): void {
    switch (event.type) {
      case 'gateway.draining': {
        const { calls, leftMs, participants, state } = event;
        if (state === 'begun')
          this.#send({ event: 'gateway_draining' }, '', { gateway: { calls, participants, leftMs } });
        return;
      }
      case 'room.opened':
      case 'room.closed': {
        const room = this.#roll.room(event.room);
        const name = event.type === 'room.opened' ? 'room_started' : 'room_finished';
        if (room !== undefined) this.#send({ event: name, room: roomInfo(room) }, room.name);
        return;
      }
      case 'participant.active': {
        const present = this.#roll.present(event.sid);
        this.#about(present, 'participant_joined');
        for (const track of present?.tracks.values() ?? [])
          this.#aboutTrack(present, 'track_published', track);
        return;
      }
      case 'participant.left': {
        const present = this.#roll.present(event.sid);
        // LiveKit: who never got media did not join.
        const name = present?.active === true ? 'participant_left' : 'participant_connection_aborted';
        this.#about(present, name);
        return;
      }
      case 'track.published':
      case 'track.unpublished': {
        const present = this.#roll.present(event.participant);
        const name = event.type === 'track.published' ? 'track_published' : 'track_unpublished';
        // A client may publish before its media work: of nobody there are tracks before he is told to be there.
        if (present?.active === true) this.#aboutTrack(present, name, present.tracks.get(event.track));
        return;
      }
      case 'agent.job': {
        const job = this.#options.job?.(event.job);
        // A job that no worker ever took has not begun, and so does not end.
        if (job?.state === undefined || job.state.startedAt === 0n) return;
        const room = this.#roll.room(event.room);
        const name = event.state === 'running' ? 'agent_job_started' : 'agent_job_ended';
        this.#send({ event: name, job, ...(room !== undefined && { room: roomInfo(room) }) }, event.room);
        return;
      }
      default:
        return;
    }
  }

  #about(present: Present | undefined, event: string, more: Partial<WebhookEvent> = {}): void {
    if (present === undefined) return;
    const participant = participantInfo(present.participant);
    this.#send({ event, room: roomInfo(present.room), participant, ...more }, present.room.name);
  }

  #aboutTrack(present: Present | undefined, event: string, track: Track | undefined): void {
    if (track !== undefined) this.#about(present, event, { track: trackInfo(track) });
  }

  #tellCall(event: GatewayEvent): void {
    const told = this.#calls.take(event, Math.floor(this.#options.wall.unixMs()));
    if (told === undefined) return;
    const present = this.#roll.caller(told.call.callId);
    const who = present && {
      room: roomInfo(present.room),
      participant: participantInfo(present.participant),
    };
    this.#send({ event: told.name, ...who }, present?.room.name ?? told.call.callId, { sipCall: told.call });
  }

  #send(fields: ConstructorParameters<typeof WebhookEvent>[0], room: string, ours: WebhookBody = {}): void {
    const { random, send, wall } = this.#options;
    const event = new WebhookEvent({
      ...fields,
      id: `EV_${randomText(random, 12)}`,
      createdAt: BigInt(Math.floor(wall.unixMs() / 1000)),
    });
    send({ ...(event.toJson() as WebhookBody), ...ours }, room);
  }
}
