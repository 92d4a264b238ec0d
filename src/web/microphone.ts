import { type LocalAudioTrack, Room, RoomEvent, Track } from 'livekit-client';
import { icon } from './icons.ts';
import type { LevelMeter } from './meter.ts';
import { microphoneText } from './words.ts';

/** The own microphone: on and off, which one, and how loud. */
export class Microphone {
  readonly #button: HTMLButtonElement;
  readonly #select: HTMLSelectElement;
  readonly #meter: LevelMeter;
  readonly #complain: (text: string) => void;
  #room: Room | undefined;

  constructor(parts: {
    button: HTMLButtonElement;
    select: HTMLSelectElement;
    meter: LevelMeter;
    complain(text: string): void;
  }) {
    this.#button = parts.button;
    this.#select = parts.select;
    this.#meter = parts.meter;
    this.#complain = parts.complain;
    this.#button.addEventListener('click', () => void this.#toggle());
    this.#select.addEventListener('change', () => void this.#choose());
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#listDevices());
    this.#draw();
  }

  /** Takes the room over and starts the microphone; without one the person listens. */
  async start(room: Room): Promise<void> {
    this.#room = room;
    for (const event of [
      RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.ActiveDeviceChanged,
    ] as const) {
      room.on(event, () => this.#draw());
    }
    await this.#set(true);
    await this.#listDevices();
  }

  stop(): void {
    this.#room = undefined;
    this.#meter.follow(undefined);
    this.#draw();
  }

  get #on(): boolean {
    return this.#room?.localParticipant.isMicrophoneEnabled ?? false;
  }

  async #toggle(): Promise<void> {
    await this.#set(!this.#on);
  }

  async #set(on: boolean): Promise<void> {
    const room = this.#room;
    this.#button.disabled = true;
    try {
      await room?.localParticipant.setMicrophoneEnabled(on);
      if (room === this.#room) this.#complain('');
    } catch (error) {
      // When the session ended meanwhile, why it did is what counts.
      if (room === this.#room) this.#complain(microphoneText(error));
    } finally {
      this.#button.disabled = false;
      this.#draw();
    }
  }

  async #choose(): Promise<void> {
    const room = this.#room;
    try {
      await room?.switchActiveDevice('audioinput', this.#select.value);
    } catch (error) {
      if (room === this.#room) this.#complain(microphoneText(error));
    }
    this.#draw();
  }

  async #listDevices(): Promise<void> {
    const devices = await Room.getLocalDevices('audioinput', false).catch(() => []);
    const active = this.#room?.getActiveDevice('audioinput') ?? '';
    this.#select.replaceChildren(
      ...devices.map(({ deviceId, label }, index) => {
        const option = new Option(label || `Microphone ${index + 1}`, deviceId);
        option.selected = deviceId === active;
        return option;
      }),
    );
    this.#select.disabled = devices.length === 0;
    if (devices.length === 0) this.#select.append(new Option('No microphone'));
  }

  #draw(): void {
    const on = this.#on;
    this.#button.replaceChildren(icon(on ? 'microphone' : 'microphoneOff'), on ? 'Mute' : 'Unmute');
    this.#button.setAttribute('aria-pressed', String(!on));
    const track = this.#room?.localParticipant.getTrackPublication(Track.Source.Microphone)?.track;
    this.#meter.follow(on ? (track as LocalAudioTrack | undefined)?.mediaStreamTrack : undefined);
  }
}
