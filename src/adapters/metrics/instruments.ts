import { Counter, Gauge, type Registry } from 'prom-client';
import { type Distribution, SummedHistogram } from './distribution.ts';
import { type Labels, LabelTree } from './label-tree.ts';
import { LabelGuard } from './labels.ts';

const SHORT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LONG_SECONDS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 86_400];
const SCORES = [1.5, 2, 2.5, 3, 3.5, 3.8, 4, 4.2, 4.3, 4.4];
const RATIOS = [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const JITTER_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

const NO_LABELS: Labels = {};

/** A counter with one set of labels, and what was added to it since the last flush. */
interface Series {
  readonly name: CounterName;
  readonly labels: Record<string, string>;
  sum: number;
}

/** All metrics that events move. Times in seconds, as Prometheus asks for. */
export class Instruments {
  readonly #guard = new LabelGuard();
  /** By name and labels. */
  readonly #series = new Map<string, Series>();
  readonly #counted: Readonly<Record<CounterName, LabelTree<Series>>>;
  readonly #measured: Readonly<Record<HistogramName, LabelTree<Distribution>>>;
  readonly #counters: Readonly<Record<CounterName, Counter>>;
  readonly startupSeconds: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#counters = mapValues(
      COUNTERS,
      (name, { help, labels }) => new Counter({ name, help, labelNames: [...labels], registers }),
    );
    this.#counted = mapValues(COUNTERS, (name) => new LabelTree((labels) => this.#seriesOf(name, labels)));
    this.#measured = mapValues(HISTOGRAMS, (name, { help, buckets, labels = [] }: HistogramSpec) => {
      const histogram = new SummedHistogram(name, help, buckets, labels);
      registry.registerMetric(histogram);
      return new LabelTree((given) => histogram.of(this.#guarded(name, given)));
    });
    this.startupSeconds = new Gauge({
      name: 'trunkroom_startup_seconds',
      help: 'From start to ready.',
      registers,
    });
  }

  /** Adds `by` to a counter; label values are kept few and plain. {@link flush} makes it show. */
  count(name: CounterName, labels: Labels = NO_LABELS, by = 1): void {
    // A counter that is handed nonsense must not throw in the middle of an event.
    if (!(by > 0 && Number.isFinite(by))) return;
    this.#counted[name].get(labels).sum += by;
  }

  #seriesOf(name: CounterName, given: Labels): Series {
    const labels = this.#guarded(name, given);
    const key = `${name} ${JSON.stringify(labels)}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = { name, labels, sum: 0 };
    this.#series.set(key, series);
    return series;
  }

  /** Gives what was counted to the registry: to look its labels up costs more than all the rest, and is due only when somebody asks. */
  flush(): void {
    for (const series of this.#series.values()) {
      if (series.sum > 0) this.#counters[series.name].inc(series.labels, series.sum);
      series.sum = 0;
    }
  }

  /** Records a time of `ms` milliseconds. */
  observe(name: HistogramName, ms: number, labels: Labels = NO_LABELS): void {
    this.measure(name, ms / 1000, labels);
  }

  /** Records a value that is no time, as it is. */
  measure(name: HistogramName, value: number, labels: Labels = NO_LABELS): void {
    // Neither nonsense nor infinity may get into a sum that is kept for ever.
    if (value >= 0 && Number.isFinite(value)) this.#measured[name].get(labels).add(value);
  }

  #guarded(name: string, labels: Labels): Record<string, string> {
    return Object.fromEntries(
      Object.entries(labels).map(([label, value]) => [label, this.#guard.value(name, label, String(value))]),
    );
  }
}

const COUNTERS = {
  trunkroom_events_total: { help: 'Gateway events by type.', labels: ['type'] },
  trunkroom_calls_received_total: { help: 'Calls that found their trunk.', labels: ['trunk', 'transport'] },
  trunkroom_calls_refused_total: { help: 'Calls refused before their answer.', labels: ['reason', 'status'] },
  trunkroom_calls_placed_total: { help: 'Outbound calls begun.', labels: ['trunk'] },
  trunkroom_calls_not_placed_total: {
    help: 'Calls that were ordered and never begun.',
    labels: ['trunk', 'reason'],
  },
  trunkroom_calls_redirected_total: {
    help: 'Redirections (3xx) of outbound calls.',
    labels: ['followed'],
  },
  trunkroom_calls_unreachable_total: {
    help: 'Times that a target could not take an outbound call.',
    labels: ['reason'],
  },
  trunkroom_credentials_withheld_total: {
    help: 'Challenges that got no credentials.',
    labels: ['trunk', 'reason'],
  },
  trunkroom_registrations_total: {
    help: 'Registrations at carriers, by result.',
    labels: ['trunk', 'result'],
  },
  trunkroom_provisioned_total: {
    help: 'Trunks and dispatch rules made, changed and deleted by API.',
    labels: ['section', 'change'],
  },
  trunkroom_target_changes_total: {
    help: 'Times that a trunk\u2019s target began or ceased to answer OPTIONS.',
    labels: ['trunk', 'state'],
  },
  trunkroom_calls_answered_total: { help: 'Calls answered.', labels: ['codec'] },
  trunkroom_calls_ended_total: {
    help: 'Calls ended, by the cause table.',
    labels: ['cause', 'fault', 'q850'],
  },
  trunkroom_referrals_total: { help: 'Transfers that phones asked for, and why not.', labels: ['result'] },
  trunkroom_transfers_total: { help: 'Calls transferred by REFER, and why not.', labels: ['result'] },
  trunkroom_pins_total: { help: 'PINs keyed by callers.', labels: ['trunk', 'verdict'] },
  trunkroom_dtmf_total: { help: 'Keys pressed on phones.', labels: [] },
  trunkroom_leg_packets_total: { help: 'RTP packets of ended calls.', labels: ['direction'] },
  trunkroom_leg_packets_lost_total: { help: 'RTP packets of ended calls that never came.', labels: [] },
  trunkroom_leg_packets_late_total: {
    help: 'RTP packets of ended calls that came too late to be heard.',
    labels: [],
  },
  trunkroom_leg_frames_concealed_total: {
    help: 'Audio frames of ended calls that were made up for lost ones.',
    labels: [],
  },
  trunkroom_rooms_opened_total: { help: 'Rooms opened.', labels: [] },
  trunkroom_participants_joined_total: { help: 'Participants joined.', labels: ['kind'] },
  trunkroom_participants_left_total: { help: 'Participants left.', labels: ['kind', 'reason'] },
  trunkroom_tracks_published_total: { help: 'Tracks published.', labels: ['kind', 'mime'] },
  trunkroom_tracks_unpublished_total: { help: 'Tracks unpublished.', labels: [] },
  trunkroom_transports_connected_total: { help: 'Browser transports connected.', labels: ['path'] },
  trunkroom_transports_failed_total: { help: 'Browser transports failed.', labels: ['reason'] },
  trunkroom_netchecks_total: { help: 'Connection tests that are over.', labels: [] },
  trunkroom_signal_refused_total: {
    help: 'Browsers refused at the signaling door.',
    labels: ['reason', 'status'],
  },
  trunkroom_agent_workers_total: { help: 'Agent workers that came and went.', labels: ['state'] },
  trunkroom_agent_jobs_total: { help: 'Agent jobs that began, ended or failed.', labels: ['state'] },
  trunkroom_turn_allocated_total: { help: 'TURN allocations made.', labels: [] },
  trunkroom_turn_released_total: { help: 'TURN allocations released.', labels: ['reason'] },
  trunkroom_turn_bytes_total: { help: 'Bytes relayed by released TURN allocations.', labels: ['direction'] },
  trunkroom_turn_server_changes_total: {
    help: 'TURN servers of others that went down or came back.',
    labels: ['state'],
  },
  trunkroom_turn_refused_total: { help: 'TURN requests refused.', labels: ['reason', 'code'] },
  trunkroom_dropped_total: { help: 'Bad or unwanted inputs dropped.', labels: ['where', 'reason'] },
  trunkroom_sip_engine_changes_total: {
    help: 'The connection to the drachtio server came about (up) or was lost, or not made (down).',
    labels: ['state'],
  },
  trunkroom_worker_failures_total: { help: 'Media workers failed.', labels: [] },
  trunkroom_rtp_packets_total: {
    help: 'RTP packets moved by the media workers.',
    labels: ['peer', 'direction'],
  },
  trunkroom_late_ticks_total: {
    help: '20 ms ticks of the media workers that began over 10 ms late.',
    labels: [],
  },
} as const;

interface HistogramSpec {
  readonly help: string;
  readonly buckets: number[];
  readonly labels?: readonly string[];
}

const HISTOGRAMS = {
  trunkroom_call_stage_seconds: {
    help: 'From INVITE to each stage of a call.',
    buckets: SHORT_SECONDS,
    labels: ['stage'],
  },
  trunkroom_call_setup_seconds: { help: 'From INVITE to our answer.', buckets: SHORT_SECONDS },
  trunkroom_call_first_rtp_seconds: {
    help: 'From our answer to the first RTP of the phone.',
    buckets: SHORT_SECONDS,
  },
  trunkroom_call_duration_seconds: { help: 'How long calls lasted.', buckets: LONG_SECONDS },
  trunkroom_transfer_seconds: { help: 'How long transfers took.', buckets: LONG_SECONDS },
  trunkroom_call_hold_seconds: { help: 'How long callers kept us on hold.', buckets: LONG_SECONDS },
  trunkroom_call_jitter_seconds: { help: 'Interarrival jitter of ended calls.', buckets: JITTER_SECONDS },
  trunkroom_leg_mos: {
    help: 'Mean opinion score of phone calls, every few seconds.',
    buckets: SCORES,
    labels: ['trunk', 'direction'],
  },
  trunkroom_leg_loss_ratio: {
    help: 'Part of the RTP packets of phone calls that was lost, every few seconds.',
    buckets: RATIOS,
    labels: ['trunk', 'direction'],
  },
  trunkroom_leg_discarded_ratio: {
    help: 'Part of the RTP packets of phone calls that came too late, every few seconds.',
    buckets: RATIOS,
    labels: ['trunk', 'direction'],
  },
  trunkroom_leg_jitter_seconds: {
    help: 'Interarrival jitter of phone calls, every few seconds.',
    buckets: JITTER_SECONDS,
    labels: ['trunk', 'direction'],
  },
  trunkroom_leg_round_trip_seconds: {
    help: 'Round trip to phones by RTCP, every few seconds.',
    buckets: SHORT_SECONDS,
    labels: ['trunk'],
  },
  trunkroom_room_duration_seconds: { help: 'How long rooms lasted.', buckets: LONG_SECONDS },
  trunkroom_transport_connect_seconds: {
    help: 'From a browser transport\u2019s opening to its connection.',
    buckets: SHORT_SECONDS,
  },
  trunkroom_key_press_seconds: { help: 'How long keys were pressed.', buckets: SHORT_SECONDS },
};

export type CounterName = keyof typeof COUNTERS;
export type HistogramName = keyof typeof HISTOGRAMS;

function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  make: (key: K, value: V) => R,
): Record<K, R> {
  return Object.fromEntries(
    Object.entries<V>(record).map(([key, value]) => [key, make(key as K, value)]),
  ) as Record<K, R>;
}
