import type { GatewayEvent } from '../../src/events/index.ts';

type EventOf<T extends GatewayEvent['type']> = Extract<GatewayEvent, { type: T }>;

/** A number that must show nowhere, in the ways that it may come. */
export const SECRET_NUMBER = '+60123456789';
/** Keys that a caller presses: perhaps a PIN. */
export const SECRET_DIGIT = '7';

/** One event of each type, full of the caller's number wherever one may stand. The compiler asks for new types. */
const EVENTS: { readonly [T in GatewayEvent['type']]: EventOf<T> } = {
  'gateway.ready': {
    type: 'gateway.ready',
    startupMs: 812,
    addresses: ['192.0.2.5'],
    dtls: 'openssl',
    srtp: 'openssl',
    sockets: 'addon',
  },
  'address.discovered': { type: 'address.discovered', local: '10.0.0.5', address: '192.0.2.5' },
  'address.doubtful': {
    type: 'address.doubtful',
    local: '10.0.0.5',
    address: '192.0.2.5',
    reason: 'not-reached',
  },
  'address.changed': { type: 'address.changed', added: ['192.0.2.6'], gone: ['192.0.2.5'] },
  'gateway.stopping': { type: 'gateway.stopping', signal: 'SIGTERM' },
  'gateway.draining': {
    ...{ type: 'gateway.draining', state: 'begun', calls: 2, participants: 1, leftMs: 600_000 },
  },
  'call.received': {
    type: 'call.received',
    call: 'SCL_a',
    sipCallId: 'b@192.0.2.9',
    trunk: 'carrier',
    from: SECRET_NUMBER,
    to: '+60312345678',
    source: '192.0.2.9:5060',
    transport: 'udp',
  },
  'call.refused': {
    type: 'call.refused',
    sipCallId: 'b@192.0.2.9',
    source: '192.0.2.9:5060',
    reason: 'no-rule',
    explanation: `- rule a: called number ${SECRET_NUMBER} is not in numbers\nrefused: no-rule`,
    status: 404,
    trunk: 'carrier',
    from: SECRET_NUMBER,
    to: '+60312345678',
  },
  'call.spoken': { type: 'call.spoken', call: 'SCL_a' },
  'call.dialled': {
    type: 'call.dialled',
    call: 'SCL_a',
    sipCallId: 'c@192.0.2.1',
    target: '192.0.2.9:5060',
  },
  'call.not-placed': {
    ...{ type: 'call.not-placed', trunk: 'out', to: SECRET_NUMBER, room: 'lobby' },
    reason: 'country-not-allowed',
  },
  'call.placed': {
    ...{ type: 'call.placed', call: 'SCL_a', trunk: 'out', from: '+60312345678', to: SECRET_NUMBER },
    room: 'lobby',
  },
  'call.redirected': { type: 'call.redirected', call: 'SCL_a', status: 302, followed: true },
  'call.unencrypted': { type: 'call.unencrypted', call: 'SCL_a', status: 488 },
  'call.unreachable': {
    ...{ type: 'call.unreachable', call: 'SCL_a', target: '192.0.2.9:5060', reason: 'sip-timeout' },
  },
  'trunk.withheld': { type: 'trunk.withheld', trunk: 'out', reason: 'foreign-realm', realm: 'evil' },
  'trunk.registered': { type: 'trunk.registered', trunk: 'out', expiresMs: 3_600_000 },
  'trunk.unregistered': {
    ...{ type: 'trunk.unregistered', trunk: 'out', reason: 'rejected', status: 403, retryMs: 10_000 },
  },
  'trunk.target': {
    ...{ type: 'trunk.target', trunk: 'out', target: 'a:5060/udp', state: 'down', status: 0 },
  },
  'trunk.provisioned': {
    ...{ type: 'trunk.provisioned', section: 'trunks', id: 'ST_a', change: 'made', by: 'devkey' },
  },
  'call.joined': { type: 'call.joined', call: 'SCL_a', room: `call_${SECRET_NUMBER}_x` },
  'call.ringing': { type: 'call.ringing', call: 'SCL_a' },
  'call.answered': {
    type: 'call.answered',
    call: 'SCL_a',
    room: `call_${SECRET_NUMBER}_x`,
    codec: 'audio/pcma',
    setupMs: 40,
  },
  'call.media': { type: 'call.media', call: 'SCL_a', firstRtpMs: 30 },
  'call.dtmf': { type: 'call.dtmf', call: 'SCL_a', digit: SECRET_DIGIT, durationMs: 100 },
  'call.transferring': { type: 'call.transferring', call: 'SCL_a', kind: 'blind', to: SECRET_NUMBER },
  'call.transfer-progress': { type: 'call.transfer-progress', call: 'SCL_a', status: 180 },
  'call.transferred': {
    ...{ type: 'call.transferred', call: 'SCL_a', result: 'failed', status: 486, durationMs: 4000 },
  },
  'call.referred': {
    ...{ type: 'call.referred', call: 'SCL_a', to: SECRET_NUMBER, kind: 'blind' },
    ...{ result: 'followed', status: 202 },
  },
  'call.pin': { type: 'call.pin', call: 'SCL_a', trunk: 'nubitel', verdict: 'refused' },
  'call.held': { type: 'call.held', call: 'SCL_a', by: 'phone' },
  'call.resumed': { type: 'call.resumed', call: 'SCL_a', heldMs: 4000 },
  'call.codec': { type: 'call.codec', call: 'SCL_a', codec: 'audio/pcmu' },
  'call.quality': {
    ...{ type: 'call.quality', call: 'SCL_a', trunk: 'carrier' },
    quality: {
      heard: { loss: 0.01, discarded: 0, jitterMs: 3, mos: 4.3, concealedMs: 60 },
      sent: { loss: 0, discarded: 0, jitterMs: 1, mos: 4.4 },
      roundTripMs: 40,
    },
  },
  'call.ended': {
    type: 'call.ended',
    call: 'SCL_a',
    ending: { cause: 'bye', sipStatus: 200, q850: 16, fault: 'none' },
    durationMs: 20_000,
    quality: { packetsIn: 1000, packetsOut: 990, lost: 10, concealed: 12, late: 2, jitterMs: 4 },
  },
  'call.stage': { type: 'call.stage', call: 'SCL_a', stage: 'answered', ms: 40 },
  'room.opened': { type: 'room.opened', room: SECRET_NUMBER, sid: 'RM_a' },
  'room.closed': { type: 'room.closed', room: SECRET_NUMBER, sid: 'RM_a', durationMs: 60_000 },
  'participant.joined': {
    type: 'participant.joined',
    room: 'lobby',
    sid: 'PA_a',
    identity: `sip_${SECRET_NUMBER}`,
    kind: 'sip',
  },
  'participant.active': {
    ...{
      type: 'participant.active',
      room: 'lobby',
      sid: 'PA_a',
      identity: `sip_${SECRET_NUMBER}`,
      kind: 'sip',
    },
  },
  'participant.left': {
    type: 'participant.left',
    room: 'lobby',
    sid: 'PA_a',
    identity: `sip_${SECRET_NUMBER}`,
    kind: 'sip',
    reason: 'client_initiated',
  },
  'track.published': {
    type: 'track.published',
    room: 'lobby',
    participant: `sip_${SECRET_NUMBER}`,
    track: 'TR_a',
    kind: 'audio',
    mime: 'audio/pcma',
  },
  'track.unpublished': {
    type: 'track.unpublished',
    room: 'lobby',
    participant: `sip_${SECRET_NUMBER}`,
    track: 'TR_a',
  },
  'transport.connected': {
    type: 'transport.connected',
    transport: 'TP_a',
    participant: 'PA_b',
    path: 'relay-udp',
    connectMs: 90,
  },
  'transport.failed': { type: 'transport.failed', transport: 'TP_a', participant: 'PA_b', reason: 'consent' },
  'netcheck.over': {
    type: 'netcheck.over',
    identity: `sip_${SECRET_NUMBER}`,
    paths: ['relay/udp', 'udp'],
    tried: 5,
    tookMs: 4200,
  },
  'signal.refused': { type: 'signal.refused', source: '192.0.2.50', reason: 'bad-token', status: 401 },
  'agent.worker': { type: 'agent.worker', state: 'registered', worker: 'AW_a', agentName: 'echo' },
  'agent.job': {
    type: 'agent.job',
    state: 'running',
    job: 'AJ_a',
    room: `call-${SECRET_NUMBER}`,
    agentName: 'echo',
    worker: 'AW_a',
    identity: 'agent-AJ_a',
    reason: '',
  },
  'turn.allocated': {
    type: 'turn.allocated',
    client: '192.0.2.50:4000',
    relay: 30_001,
    username: `1790000000:${SECRET_NUMBER}`,
  },
  'turn.released': {
    type: 'turn.released',
    client: '192.0.2.50:4000',
    relay: 30_001,
    reason: 'expired',
    bytesUp: 100,
    bytesDown: 200,
  },
  'turn.server': { type: 'turn.server', url: 'turn:192.0.2.9:3478', state: 'down', reason: 'no-answer' },
  'turn.secret': { type: 'turn.secret', state: 'replaced' },
  'turn.refused': { type: 'turn.refused', client: '192.0.2.50:4000', reason: 'bad-credentials', code: 401 },
  dropped: { type: 'dropped', where: 'sip', reason: 'no-trunk', count: 3, source: '192.168.100.200' },
  'certificates.loaded': { type: 'certificates.loaded', count: 2 },
  'certificates.refused': { type: 'certificates.refused', reason: 'ENOENT: no such file or directory' },
  'sip.engine': { type: 'sip.engine', state: 'down', detail: 'closed by the server', calls: 2 },
  'worker.failed': { type: 'worker.failed', worker: 0, reason: 'exit-1' },
};

export const everyEvent: readonly GatewayEvent[] = Object.values(EVENTS);
