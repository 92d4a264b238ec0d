import type { CallQuality, EventSink, GatewayEvent, LegQuality, WayQuality } from '../../events/index.ts';
import type { Instruments } from './instruments.ts';

/** Counts every event. Who adds an event must say here what it moves. */
export function eventMetrics(instruments: Instruments): EventSink {
  return (event) => {
    instruments.count('trunkroom_events_total', { type: event.type });
    countEvent(instruments, event);
  };
}

function countEvent(to: Instruments, event: GatewayEvent): void {
  switch (event.type) {
    case 'gateway.ready':
      to.startupSeconds.set(event.startupMs / 1000);
      return;
    case 'call.received':
      to.count('trunkroom_calls_received_total', { trunk: event.trunk, transport: event.transport });
      return;
    case 'call.refused':
      to.count('trunkroom_calls_refused_total', { reason: event.reason, status: event.status });
      return;
    case 'call.not-placed':
      to.count('trunkroom_calls_not_placed_total', { trunk: event.trunk, reason: event.reason });
      return;
    case 'call.placed':
      to.count('trunkroom_calls_placed_total', { trunk: event.trunk });
      return;
    case 'call.redirected':
      to.count('trunkroom_calls_redirected_total', { followed: String(event.followed) });
      return;
    case 'call.unreachable':
      to.count('trunkroom_calls_unreachable_total', { reason: event.reason });
      return;
    case 'trunk.withheld':
      to.count('trunkroom_credentials_withheld_total', { trunk: event.trunk, reason: event.reason });
      return;
    case 'trunk.registered':
      to.count('trunkroom_registrations_total', { trunk: event.trunk, result: 'registered' });
      return;
    case 'trunk.unregistered':
      to.count('trunkroom_registrations_total', { trunk: event.trunk, result: event.reason });
      return;
    case 'trunk.target':
      to.count('trunkroom_target_changes_total', { trunk: event.trunk, state: event.state });
      return;
    case 'trunk.provisioned':
      to.count('trunkroom_provisioned_total', { section: event.section, change: event.change });
      return;
    case 'call.answered':
      to.count('trunkroom_calls_answered_total', { codec: event.codec });
      to.observe('trunkroom_call_setup_seconds', event.setupMs);
      return;
    case 'call.media':
      to.observe('trunkroom_call_first_rtp_seconds', event.firstRtpMs);
      return;
    case 'call.dtmf':
      to.count('trunkroom_dtmf_total');
      to.observe('trunkroom_key_press_seconds', event.durationMs);
      return;
    case 'call.pin':
      to.count('trunkroom_pins_total', { trunk: event.trunk, verdict: event.verdict });
      return;
    case 'call.resumed':
      to.observe('trunkroom_call_hold_seconds', event.heldMs);
      return;
    case 'call.transferred':
      to.count('trunkroom_transfers_total', { result: event.result });
      to.observe('trunkroom_transfer_seconds', event.durationMs);
      return;
    case 'call.referred':
      to.count('trunkroom_referrals_total', { result: event.result });
      return;
    case 'call.ended':
      to.count('trunkroom_calls_ended_total', {
        cause: event.ending.cause,
        fault: event.ending.fault,
        q850: event.ending.q850,
      });
      to.observe('trunkroom_call_duration_seconds', event.durationMs);
      if (event.quality !== undefined) countQuality(to, event.quality);
      return;
    case 'call.quality':
      measureQuality(to, event.trunk, event.quality);
      return;
    case 'call.stage':
      to.observe('trunkroom_call_stage_seconds', event.ms, { stage: event.stage });
      return;
    case 'room.opened':
      to.count('trunkroom_rooms_opened_total');
      return;
    case 'room.closed':
      to.observe('trunkroom_room_duration_seconds', event.durationMs);
      return;
    case 'participant.joined':
      to.count('trunkroom_participants_joined_total', { kind: event.kind });
      return;
    case 'participant.left':
      to.count('trunkroom_participants_left_total', { kind: event.kind, reason: event.reason });
      return;
    case 'track.published':
      to.count('trunkroom_tracks_published_total', { kind: event.kind, mime: event.mime });
      return;
    case 'track.unpublished':
      to.count('trunkroom_tracks_unpublished_total');
      return;
    case 'transport.connected':
      to.count('trunkroom_transports_connected_total', { path: event.path });
      to.observe('trunkroom_transport_connect_seconds', event.connectMs);
      return;
    case 'transport.failed':
      to.count('trunkroom_transports_failed_total', { reason: event.reason });
      return;
    case 'netcheck.over':
      to.count('trunkroom_netchecks_total', {});
      return;
    case 'signal.refused':
      to.count('trunkroom_signal_refused_total', { reason: event.reason, status: event.status });
      return;
    case 'agent.worker':
      to.count('trunkroom_agent_workers_total', { state: event.state });
      return;
    case 'agent.job':
      to.count('trunkroom_agent_jobs_total', { state: event.state });
      return;
    case 'turn.allocated':
      to.count('trunkroom_turn_allocated_total');
      return;
    case 'turn.released':
      to.count('trunkroom_turn_released_total', { reason: event.reason });
      to.count('trunkroom_turn_bytes_total', { direction: 'up' }, event.bytesUp);
      to.count('trunkroom_turn_bytes_total', { direction: 'down' }, event.bytesDown);
      return;
    case 'turn.server':
      to.count('trunkroom_turn_server_changes_total', { state: event.state });
      return;
    case 'turn.refused':
      to.count('trunkroom_turn_refused_total', { reason: event.reason, code: event.code });
      return;
    case 'dropped':
      to.count('trunkroom_dropped_total', { where: event.where, reason: event.reason }, event.count);
      return;
    case 'sip.engine':
      to.count('trunkroom_sip_engine_changes_total', { state: event.state });
      return;
    case 'worker.failed':
      to.count('trunkroom_worker_failures_total');
      return;
    case 'gateway.stopping':
    case 'gateway.draining':
    case 'address.changed':
    case 'address.discovered':
    case 'address.doubtful':
    case 'call.dialled':
    case 'call.spoken':
    case 'call.unencrypted':
    case 'turn.secret':
    case 'certificates.loaded':
    case 'certificates.refused':
    case 'call.joined':
    case 'call.ringing':
    case 'participant.active':
    case 'call.held':
    case 'call.transferring':
    case 'call.transfer-progress':
    case 'call.codec':
      // Counted by type; there is nothing more to measure.
      return;
    default:
      event satisfies never;
  }
}

function countQuality(to: Instruments, quality: LegQuality): void {
  to.count('trunkroom_leg_packets_total', { direction: 'in' }, quality.packetsIn);
  to.count('trunkroom_leg_packets_total', { direction: 'out' }, quality.packetsOut);
  to.count('trunkroom_leg_packets_lost_total', {}, quality.lost);
  to.count('trunkroom_leg_packets_late_total', {}, quality.late);
  to.count('trunkroom_leg_frames_concealed_total', {}, quality.concealed);
  to.observe('trunkroom_call_jitter_seconds', quality.jitterMs);
}

function measureQuality(to: Instruments, trunk: string, { heard, sent, roundTripMs }: CallQuality): void {
  if (heard !== undefined) measureWay(to, { trunk, direction: 'in' }, heard);
  if (sent !== undefined) measureWay(to, { trunk, direction: 'out' }, sent);
  if (roundTripMs !== undefined) to.observe('trunkroom_leg_round_trip_seconds', roundTripMs, { trunk });
}

function measureWay(
  to: Instruments,
  labels: { readonly trunk: string; readonly direction: 'in' | 'out' },
  { mos, loss, discarded, jitterMs }: WayQuality,
): void {
  to.measure('trunkroom_leg_mos', mos, labels);
  to.measure('trunkroom_leg_loss_ratio', loss, labels);
  to.measure('trunkroom_leg_discarded_ratio', discarded, labels);
  to.observe('trunkroom_leg_jitter_seconds', jitterMs, labels);
}
