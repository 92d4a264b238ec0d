/**
 * Which folder of src may import which: the one table. Default-deny: a folder that is not here may not exist.
 * Read by .dependency-cruiser.mjs and by test/unit/architecture.test.ts.
 */
export const layers = {
  base: [],
  events: ['base'],
  sip: ['base'],
  sdp: ['base'],
  rtp: ['base'],
  audio: ['base'],
  stun: ['base'],
  sctp: ['base'],
  ice: ['stun', 'events', 'base'],
  turn: ['stun', 'events', 'base'],
  trunk: ['sip', 'events', 'base'],
  trace: ['sip', 'stun', 'events', 'base'],
  leg: ['rtp', 'audio', 'events', 'base'],
  sfu: ['rtp', 'events', 'base'],
  media: ['leg', 'sfu', 'ice', 'rtp', 'audio', 'events', 'base'],
  room: ['media', 'events', 'base'],
  call: ['trunk', 'sip', 'sdp', 'room', 'media', 'events', 'base'],
  netcheck: ['turn'],
  peer: ['netcheck', 'sdp', 'room', 'media', 'events', 'base'],
  api: ['call', 'peer', 'room', 'trunk', 'trace', 'events', 'base'],
  web: ['netcheck'],
};

/** Of these folders, others may import only the named file: the seam, not what is behind it. */
export const seams = {
  media: { importers: ['room', 'call', 'peer'], only: '^src/media/protocol\\.ts$' },
};

/** One npm package has one door: the only folders that may import it. */
export const doors = {
  werift: ['src/adapters/dtls-werift/'],
  'sdp-transform': ['src/sdp/'],
  pino: ['src/adapters/log/'],
  'pino-pretty': ['src/adapters/log/'],
  'prom-client': ['src/adapters/metrics/'],
  ws: ['src/adapters/websocket/'],
  jose: ['src/adapters/jwt/'],
  hono: ['src/api/', 'src/adapters/http/'],
  '@hono/node-server': ['src/adapters/http/'],
  zod: ['src/api/', 'src/app/config/'],
  yaml: ['src/app/config/'],
  'libopus-wasm': ['src/adapters/opus/'],
  'ipaddr.js': ['src/trunk/', 'src/turn/'],
  'libphonenumber-js': ['src/trunk/'],
  '@livekit/protocol': ['src/peer/', 'src/api/'],
  'livekit-client': ['src/web/'],
  esbuild: ['src/adapters/bundle/'],
  'drachtio-srf': ['src/adapters/drachtio/'],
};
