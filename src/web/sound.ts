import { type Room, RoomEvent, Track } from 'livekit-client';

/** Plays what others say. A browser that wants a click first gets a button for it. */
export function playSound(room: Room, outlet: HTMLElement, unlock: HTMLButtonElement): void {
  room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
    if (track.kind !== Track.Kind.Audio) return;
    const player = track.attach();
    player.dataset['identity'] = participant.identity;
    outlet.append(player);
  });
  room.on(RoomEvent.TrackUnsubscribed, (track) => {
    for (const player of track.detach()) player.remove();
  });
  const show = (): void => {
    unlock.hidden = room.canPlaybackAudio;
  };
  room.on(RoomEvent.AudioPlaybackStatusChanged, show);
  unlock.onclick = () => void room.startAudio().then(show);
  show();
}
