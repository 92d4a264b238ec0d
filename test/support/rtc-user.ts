import {
  AudioFrame,
  AudioSource,
  AudioStream,
  DisconnectReason,
  LocalAudioTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import { tone } from './tones.ts';
import type { Recording, ToneSource } from './wav.ts';

const RATE = 48_000;
const FRAME_MS = 10;

export interface RtcUserOptions {
  readonly room: string;
  readonly identity: string;
  /** Beside the right to join. */
  readonly grant?: VideoGrant;
  readonly autoSubscribe?: boolean;
  /** Encrypts all of its media and data from end to end by this key, and reads others'. */
  readonly sharedKey?: string;
}

/** A token for a room, as a backend makes it with LiveKit's own SDK. */
export async function roomToken(
  room: string,
  identity: string,
  grant: VideoGrant = {},
  change: (token: AccessToken) => void = () => {},
): Promise<string> {
  const token = new AccessToken('devkey', 'secret', { identity });
  token.addGrant({ room, roomJoin: true, canUpdateOwnMetadata: true, ...grant });
  change(token);
  return token.toJwt();
}

/** A program in a room by LiveKit's native SDK for Node: plays tones and records what it hears. */
export class RtcUser {
  readonly room: Room;
  /** Names of what the room told, for failures. */
  readonly said: string[] = [];
  readonly #heard = new Map<string, Int16Array[]>();
  readonly #tones: (() => Promise<void>)[] = [];
  #reason: DisconnectReason | undefined;

  private constructor(room: Room) {
    this.room = room;
    room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
      this.said.push(`subscribed ${participant.identity}`);
      if (track.kind === TrackKind.KIND_AUDIO) void this.#listen(track, participant.identity);
    });
    room.on(RoomEvent.TrackUnsubscribed, (_track, _publication, { identity }) =>
      this.said.push(`unsubscribed ${identity}`),
    );
    for (const event of [
      RoomEvent.Reconnecting,
      RoomEvent.Reconnected,
      RoomEvent.TokenRefreshed,
      RoomEvent.Moved,
    ])
      room.on(event, () => this.said.push(event));
    room.on(RoomEvent.Disconnected, (reason) => {
      this.#reason = reason;
      this.said.push('disconnected');
    });
  }

  static async join(gateway: Pick<Gateway, 'url'>, options: RtcUserOptions): Promise<RtcUser> {
    const token = await roomToken(options.room, options.identity, options.grant);
    return RtcUser.joinWith(gateway, token, options.autoSubscribe ?? true, options.sharedKey);
  }

  static async joinWith(
    gateway: Pick<Gateway, 'url'>,
    token: string,
    autoSubscribe = true,
    sharedKey?: string,
  ): Promise<RtcUser> {
    const user = new RtcUser(new Room());
    const encryption = { keyProviderOptions: { sharedKey: new TextEncoder().encode(sharedKey) } };
    await user.room.connect(gateway.url.replace('http', 'ws'), token, {
      ...{ autoSubscribe, dynacast: false },
      ...(sharedKey !== undefined && { encryption }),
    });
    return user;
  }

  /** Itself in the room; throws when it is in none. */
  get self(): NonNullable<Room['localParticipant']> {
    const self = this.room.localParticipant;
    if (self === undefined) throw new Error('not in a room');
    return self;
  }

  /** Why it was disconnected, by the name in livekit_models.proto; undefined while it is not. */
  get reason(): string | undefined {
    return this.#reason === undefined ? undefined : DisconnectReason[this.#reason];
  }

  /** Publishes a tone as its microphone; answers the track's sid. It sounds until the user leaves. */
  async publishTone(source: ToneSource): Promise<string> {
    const audio = new AudioSource(RATE, 1);
    const track = LocalAudioTrack.createAudioTrack('microphone', audio);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    const publication = await this.self.publishTrack(track, options);
    const second = tone(source.hz, source.amplitude, 1000, RATE);
    const size = (RATE * FRAME_MS) / 1000;
    let playing = true;
    const played = (async () => {
      for (let at = 0; playing; at = (at + size) % second.length) {
        await audio.captureFrame(new AudioFrame(second.slice(at, at + size), RATE, 1, size));
      }
    })();
    this.#tones.push(async () => {
      playing = false;
      await played.catch(() => {});
      await audio.close();
    });
    return publication.sid ?? '';
  }

  /** Waits until it hears this participant's track. */
  async hears(identity: string): Promise<void> {
    await this.says(`it hears ${identity}`, () => (this.#heard.get(identity)?.length ?? 0) > 0);
  }

  /** Forgets what was heard so far. */
  clearRecording(): void {
    for (const chunks of this.#heard.values()) chunks.length = 0;
  }

  /** What it heard of one participant. */
  heard(identity: string): Recording {
    const chunks = this.#heard.get(identity) ?? [];
    const samples = new Int16Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    return { sampleRate: RATE, samples };
  }

  /** Waits until something is so; on failure says what the room told. */
  async says(what: string, check: () => boolean, withinMs = 30_000): Promise<void> {
    await eventually(what, withinMs, async () => check()).catch((error: unknown) => {
      throw new Error(`${what}: the room said ${this.said.join(', ')}`, { cause: error });
    });
  }

  async leave(): Promise<void> {
    for (const stop of this.#tones.splice(0)) await stop();
    await this.room.disconnect();
  }

  async #listen(track: RemoteTrack, identity: string): Promise<void> {
    const chunks: Int16Array[] = [];
    this.#heard.set(identity, chunks);
    const reader = new AudioStream(track, { sampleRate: RATE, numChannels: 1 }).getReader();
    for (let frame = await reader.read(); !frame.done; frame = await reader.read()) {
      chunks.push(frame.value.data.slice());
    }
  }
}
