import { Hono } from 'hono';
import type { VideoGrant } from 'livekit-server-sdk';
import { roomService } from '../../../src/api/room-service.ts';
import { twirpRoutes } from '../../../src/api/twirp.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { ServerRpc } from '../../../src/peer/server-rpc.ts';
import { world } from '../room/world.ts';
import { callTwirp, tokens } from './backend.ts';

/** RoomService over Twirp, with rooms in virtual time; and a service that is broken. */
export function server() {
  const its = world({ rooms: 100, participantsPerRoom: 10, departureMs: 20_000 });
  const app = new Hono();
  const events: GatewayEvent[] = [];
  const faults: unknown[] = [];
  let now = 0;
  const { timers } = its;
  const random = { bytes: (length: number) => new Uint8Array(length), u32: () => 1 };
  const rpc = new ServerRpc({ clock: { now: () => now }, timers, random });
  twirpRoutes(
    app,
    {
      RoomService: roomService(its.rooms, rpc),
      Broken: {
        Bug: () => {
          throw new Error('bug');
        },
      },
    },
    {
      verifier: tokens,
      clock: { now: () => now },
      emit: (event) => events.push(event),
      onFault: (error) => faults.push(error),
    },
  );
  return {
    ...its,
    rpc,
    app,
    dropped: events,
    faults,
    tick: (ms: number) => {
      now += ms;
    },
  };
}

export type Server = ReturnType<typeof server>;

/** Calls a method of RoomService in JSON. */
export function call(to: Server, name: string, body: unknown, video: VideoGrant) {
  return callTwirp(to.app, `RoomService/${name}`, body, { video });
}

/** The rights over the room `lobby`. */
export const admin: VideoGrant = { roomAdmin: true, room: 'lobby' };
