import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { EventSink, GatewayEvent } from '../../../src/events/index.ts';
import type { MediaCommand, MediaEvent, MediaWorkerPort } from '../../../src/media/protocol.ts';
import { MediaWorkers } from '../../../src/room/media-workers.ts';
import type { Door, JoinRequest, Permissions, Track } from '../../../src/room/participant.ts';
import { Rooms } from '../../../src/room/rooms.ts';

/** Every right. */
export const all: Permissions = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  publishSources: [],
  canUpdateMetadata: true,
  hidden: false,
};

/** Rooms in virtual time over a worker that writes down what it is told. */
export function world(
  limits = { rooms: 10, participantsPerRoom: 3, departureMs: 20_000 },
  hear: EventSink = () => {},
) {
  let now = 0;
  const timers = new WakeQueue();
  const events: GatewayEvent[] = [];
  const commands: MediaCommand[] = [];
  const workers = new MediaWorkers((event) => events.push(event));
  const port: MediaWorkerPort = { send: (command) => commands.push(command), onEvent: () => {} };
  workers.add(port, { icePort: 7882, fingerprint: { algorithm: 'sha-256', value: 'AA' } });
  let counter = 0;
  const rooms = new Rooms({
    workers,
    timers,
    limits,
    clock: { now: () => now },
    wall: { unixMs: () => 1_700_000_000_000 },
    random: { bytes: (length) => new Uint8Array(length).fill(counter++ % 200), u32: () => counter++ },
    emit: (event) => {
      events.push(event);
      hear(event);
    },
  });
  return {
    rooms,
    timers,
    events,
    commands,
    media: (event: MediaEvent) => port.onEvent(event),
    at(ms: number) {
      now = ms;
      timers.run(now);
    },
  };
}

/** A wish to join the lobby. */
export function request(identity: string, change: Partial<JoinRequest> = {}): JoinRequest {
  return {
    room: 'lobby',
    identity,
    name: identity,
    kind: 'standard',
    metadata: '',
    attributes: new Map(),
    permissions: all,
    autoCreate: true,
    ...change,
  };
}

/** A door that writes down what it is told. */
export function door(): Door & { told: string[] } {
  const told: string[] = [];
  return {
    told,
    participantsChanged: (list) => told.push(...list.map((one) => `${one.identity} ${one.state}`)),
    subscribed: (track) => told.push(`+${track.sid}`),
    unsubscribed: (track) => told.push(`-${track.sid}`),
    muteRequested: (track) => told.push(`mute ${track.sid}`),
    speakersChanged: (speakers) =>
      told.push(`speakers ${speakers.map((s) => s.participant.identity).join()}`),
    dataReceived: (channel, packet) => told.push(`${channel} ${packet.length}`),
    unpublished: (track) => told.push(`unpublished ${track.sid}`),
    subscriptionWished: (track, wish) => told.push(`${wish} ${track}`),
    roomChanged: () => told.push('room'),
    holdWished: (wish) => told.push(wish),
    removed: (reason) => told.push(`removed ${reason}`),
  };
}

/** A phone's track. */
export function voice(sid: string): Track {
  return {
    sid,
    name: 'voice',
    kind: 'audio',
    source: 'microphone',
    origin: { from: 'leg', leg: `LG_${sid}` },
    codecs: [{ mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' }],
    stream: '',
    muted: false,
    disableDtx: false,
    stereo: false,
  };
}

/** Somebody who is in. */
export function joined(rooms: Rooms, identity: string, change: Partial<JoinRequest> = {}) {
  const its = door();
  const result = rooms.join(request(identity, change), its);
  if (!result.ok) throw new Error(result.error);
  return { ...result.value, door: its };
}
