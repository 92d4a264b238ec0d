import { type Participant, ParticipantKind, type Room, RoomEvent } from 'livekit-client';
import { PersonTile } from './person.ts';

/** The list of who is in the room: oneself first, then in order of arrival. */
export class People {
  readonly #list: HTMLElement;
  readonly #count: HTMLElement;
  readonly #alone: HTMLElement;
  readonly #news: HTMLElement;
  readonly #tiles = new Map<string, PersonTile>();
  #room: Room | undefined;

  constructor(parts: { list: HTMLElement; count: HTMLElement; alone: HTMLElement; news: HTMLElement }) {
    this.#list = parts.list;
    this.#count = parts.count;
    this.#alone = parts.alone;
    this.#news = parts.news;
  }

  /** Shows `room` and follows it. */
  show(room: Room): void {
    this.#room = room;
    this.#tiles.clear();
    this.#list.replaceChildren();
    const refresh = (): void => this.#refresh();
    for (const event of [
      RoomEvent.Connected,
      RoomEvent.Reconnected,
      RoomEvent.ParticipantNameChanged,
      RoomEvent.ParticipantAttributesChanged,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished,
      RoomEvent.ActiveSpeakersChanged,
    ] as const) {
      room.on(event, refresh);
    }
    room.on(RoomEvent.ParticipantConnected, (participant) => {
      this.#refresh();
      this.#say(`${spoken(participant)} joined`);
    });
    room.on(RoomEvent.ParticipantDisconnected, (participant) => {
      this.#refresh();
      this.#say(`${spoken(participant)} left`);
    });
    this.#refresh();
  }

  #refresh(): void {
    const room = this.#room;
    if (room === undefined) return;
    const others = [...room.remoteParticipants.values()].sort(
      (a, b) => (a.joinedAt?.getTime() ?? 0) - (b.joinedAt?.getTime() ?? 0),
    );
    const present = room.localParticipant.identity === '' ? others : [room.localParticipant, ...others];
    const kept = new Set<string>();
    present.forEach((participant, index) => {
      // A participant that left and came again is another one, with another sid.
      kept.add(participant.sid);
      let tile = this.#tiles.get(participant.sid);
      if (tile === undefined) {
        tile = new PersonTile(participant, participant === room.localParticipant);
        this.#tiles.set(participant.sid, tile);
      } else {
        tile.update();
      }
      if (this.#list.children[index] !== tile.root)
        this.#list.insertBefore(tile.root, this.#list.children[index] ?? null);
    });
    for (const [sid, tile] of this.#tiles) {
      if (kept.has(sid)) continue;
      tile.root.remove();
      this.#tiles.delete(sid);
    }
    const phones = others.filter(({ kind }) => kind === ParticipantKind.SIP).length;
    this.#count.textContent = `${plural(present.length - phones, 'browser')} · ${plural(phones, 'phone')}`;
    this.#alone.hidden = others.length > 0;
  }

  #say(text: string): void {
    this.#news.textContent = text;
  }
}

function spoken(participant: Participant): string {
  const name = participant.name || participant.identity;
  return participant.kind === ParticipantKind.SIP
    ? `Phone ${participant.attributes['sip.phoneNumber'] ?? name}`
    : name;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
