import type { Fault } from './fault.ts';

export type { Fault } from './fault.ts';

/** How a call ended: one name from the cause table (`call/ending.ts`), and what the table says of it. */
export interface CallEnding {
  readonly cause: string;
  readonly sipStatus: number;
  readonly q850: number;
  readonly fault: Fault;
}

/** Where bad input or overload was met: the label of `trunkroom_dropped_total`. */
export type DropPlace =
  | 'sip'
  | 'stun'
  | 'turn'
  | 'mux'
  | 'dtls'
  | 'srtp'
  | 'srtcp'
  | 'rtp'
  | 'rtcp'
  | 'http'
  | 'signal'
  | 'worker';

/**
 * Why an address may be of no use to browsers. Of those that STUN has discovered: no server answered; the NAT shows each
 * server another address or port; it has another port than the media port; what was sent there from here did not come back, be
 * it that the NAT lets nothing in, or only nothing from inside. Of any: it is loopback, and nothing else is announced.
 */
export type AddressDoubt = 'loopback' | 'no-answer' | 'mapping-varies' | 'port-translated' | 'not-reached';

/**
 * Everything that logs, metrics, webhooks, the call history and the console ever see. Code that notices something
 * emits one of these and does not log, count and notify by itself. Phone numbers are whole here; sinks redact.
 */
export type GatewayEvent =
  /** `addresses` are announced, the preferred one first. */
  /** It listens; and who does DTLS, SRTP and datagrams: the addon, or what stands in for it. */
  | {
      type: 'gateway.ready';
      startupMs: number;
      addresses: readonly string[];
      dtls: 'openssl' | 'werift';
      srtp: 'openssl' | 'typescript';
      sockets: 'addon' | 'node';
    }
  /** At start: as what STUN servers see an address of this machine. */
  | { type: 'address.discovered'; local: string; address: string }
  /** At start: why browsers may not reach us by an address. */
  | { type: 'address.doubtful'; local: string; address: string; reason: AddressDoubt }
  | { type: 'gateway.stopping'; signal: string }
  /** Addresses of this machine came or went while we run. */
  | { type: 'address.changed'; added: readonly string[]; gone: readonly string[] }
  /**
   * No new calls and rooms from `begun` on, until `over`: nobody is left, or the time is. `participants` are the people by browser;
   * `leftMs` is what is left of the grace.
   */
  | {
      type: 'gateway.draining';
      state: 'begun' | 'waiting' | 'over';
      calls: number;
      participants: number;
      leftMs: number;
    }
  | {
      type: 'call.received';
      call: string;
      sipCallId: string;
      trunk: string;
      from: string;
      to: string;
      source: string;
      transport: string;
    }
  | {
      type: 'call.refused';
      sipCallId: string;
      source: string;
      reason: string;
      status: number;
      trunk?: string;
      from?: string;
      to?: string;
      /** Each trunk and rule that was looked at, with why not: lines, as `trunkroom explain` prints them. */
      explanation?: string;
    }
  | {
      type: 'call.placed';
      call: string;
      trunk: string;
      from: string;
      to: string;
      room: string;
    }
  /** A call was ordered and never begun. */
  | { type: 'call.not-placed'; trunk: string; to: string; room: string; reason: string }
  /** An INVITE of a call that was placed went to `target`: one for each target that is tried. */
  | { type: 'call.dialled'; call: string; sipCallId: string; target: string }
  /** A 3xx came for an outbound call. */
  | { type: 'call.redirected'; call: string; status: number; followed: boolean }
  /** An offer with SRTP beside plain RTP was refused with `status`; plain RTP alone is offered now. */
  | { type: 'call.unencrypted'; call: string; status: number }
  /** A target of an outbound trunk could not take a call; the next one is tried, if there is one. */
  | { type: 'call.unreachable'; call: string; target: string; reason: string }
  /** The phone is in its room: at once, or when its PIN was right. */
  | { type: 'call.joined'; call: string; room: string }
  | { type: 'call.ringing'; call: string }
  | { type: 'call.answered'; call: string; room: string; codec: string; setupMs: number }
  | { type: 'call.media'; call: string; firstRtpMs: number }
  /** The first RTP went to the phone. */
  | { type: 'call.spoken'; call: string }
  | { type: 'call.dtmf'; call: string; digit: string; durationMs: number }
  /** A PIN was keyed: `accepted`, `refused`, or `locked` when the caller has had too many wrong ones. */
  | { type: 'call.pin'; call: string; trunk: string; verdict: 'accepted' | 'refused' | 'locked' }
  /** On hold: nothing of what the phone sends reaches the room. */
  | { type: 'call.held'; call: string; by: 'phone' | 'gateway' }
  | { type: 'call.resumed'; call: string; heldMs: number }
  /** A REFER of ours is under way; `kind`: blind or attended. `to` is the number or name alone. */
  | { type: 'call.transferring'; call: string; kind: 'blind' | 'attended'; to: string }
  /** The far end tells how its new call goes: 100 to 199. */
  | { type: 'call.transfer-progress'; call: string; status: number }
  /** `result`: transferred, or why not (`sip/refer-progress.ts`); then the call goes on. */
  | { type: 'call.transferred'; call: string; result: string; status: number; durationMs: number }
  /** A phone's REFER, its number alone; `result`: followed, or why not (`call/referral-desk.ts`). `kind` is `none` when it is not followed. */
  | {
      type: 'call.referred';
      call: string;
      to: string;
      kind: 'blind' | 'attended' | 'none';
      result: string;
      status: number;
    }
  /** A re-INVITE changed the codec. */
  | { type: 'call.codec'; call: string; codec: string }
  /** Every few seconds of a call with sound. */
  | { type: 'call.quality'; call: string; trunk: string; quality: CallQuality }
  | { type: 'call.ended'; call: string; ending: CallEnding; durationMs: number; quality?: LegQuality }
  /** How far a call has come, `ms` after its INVITE: matched, joined, ringing, answered, rtp-in, rtp-out. */
  | { type: 'call.stage'; call: string; stage: string; ms: number }
  /** Our credentials were asked for in a way that gets no answer; `realm` is the challenger's word. */
  | { type: 'trunk.withheld'; trunk: string; reason: string; realm: string }
  | { type: 'trunk.registered'; trunk: string; expiresMs: number }
  | { type: 'trunk.unregistered'; trunk: string; reason: string; status: number; retryMs: number }
  /** A target began or ceased to answer OPTIONS. */
  | { type: 'trunk.target'; trunk: string; target: string; state: 'up' | 'down'; status: number }
  /** A trunk or a dispatch rule was made, changed or deleted by API; `by` is the API key. */
  | {
      type: 'trunk.provisioned';
      section: 'trunks' | 'outbound_trunks' | 'rules';
      id: string;
      change: 'made' | 'changed' | 'deleted';
      by: string;
    }
  | { type: 'room.opened'; room: string; sid: string }
  | { type: 'room.closed'; room: string; sid: string; durationMs: number }
  | { type: 'participant.joined'; room: string; sid: string; identity: string; kind: string }
  /** Its media works. */
  | { type: 'participant.active'; room: string; sid: string; identity: string; kind: string }
  | { type: 'participant.left'; room: string; sid: string; identity: string; kind: string; reason: string }
  | { type: 'track.published'; room: string; participant: string; track: string; kind: string; mime: string }
  | { type: 'track.unpublished'; room: string; participant: string; track: string }
  | { type: 'transport.connected'; transport: string; participant: string; path: string; connectMs: number }
  | { type: 'transport.failed'; transport: string; participant: string; reason: string }
  /** A connection test is over: by which paths the browser's ways connected, and how many were tried. */
  | { type: 'netcheck.over'; identity: string; paths: readonly string[]; tried: number; tookMs: number }
  | { type: 'signal.refused'; source: string; reason: string; status: number }
  /** A worker of LiveKit's agents framework came or went. */
  | { type: 'agent.worker'; state: 'registered' | 'gone'; worker: string; agentName: string }
  /** A worker took a job, or a job is over: `identity` is its agent's, `reason` why it failed. */
  | {
      type: 'agent.job';
      state: 'running' | 'ended' | 'failed';
      job: string;
      room: string;
      agentName: string;
      worker: string;
      identity: string;
      reason: string;
    }
  | { type: 'turn.allocated'; client: string; relay: number; username: string }
  | {
      type: 'turn.released';
      client: string;
      relay: number;
      reason: string;
      bytesUp: number;
      bytesDown: number;
    }
  /** A TURN server of others works again, or does not: clients are not told of it meanwhile. */
  | { type: 'turn.server'; url: string; state: 'up' | 'down'; reason: string }
  /** The secret's file changed: what it holds counts from now on, or cannot be used and the one of before stays. */
  | { type: 'turn.secret'; state: 'replaced' | 'unreadable' }
  | { type: 'turn.refused'; client: string; reason: string; code: number }
  /** `count` inputs were dropped for `reason`; hot paths sum up and emit about once a second. */
  | { type: 'dropped'; where: DropPlace; reason: string; count: number; source?: string }
  /** TLS certificates changed on disk: new connections get them. */
  | { type: 'certificates.loaded'; count: number }
  /** They changed and cannot be used: those before stay in use. */
  | { type: 'certificates.refused'; reason: string }
  /** The connection to the drachtio server came about, or is gone; `calls` are up and the server tells nothing of them any more. */
  | { type: 'sip.engine'; state: 'up' | 'down'; detail: string; calls: number }
  | { type: 'worker.failed'; worker: number; reason: string };

/** What a leg's RTP went through, from both ends' points of view; times in ms. */
export interface LegQuality {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly lost: number;
  readonly concealed: number;
  readonly late: number;
  readonly jitterMs: number;
  /** The last that RTCP told. */
  readonly roundTripMs?: number;
  /** Mean opinion score by the E-model, 1 … 4.41, of what came from the phone; absent when nothing came. */
  readonly mos?: number;
  /** What the phone told by RTCP of what we sent: packets lost in all, and the last jitter. */
  readonly farLost?: number;
  readonly farJitterMs?: number;
  /** Its own last mean opinion score (RFC 3611). */
  readonly farMos?: number;
}

/** One way of a call over some seconds; parts of the packets 0 … 1, times in ms. */
export interface WayQuality {
  readonly loss: number;
  /** Came, and too late to be heard. */
  readonly discarded: number;
  readonly jitterMs: number;
  /** Mean opinion score, 1 … 4.41 by the E-model, or as the phone itself tells it. */
  readonly mos: number;
}

/** How a call fared over the last seconds. */
export interface CallQuality {
  /** Of what came from the phone; absent when nothing came. */
  readonly heard?: WayQuality & {
    /** Sound that was made up for what did not come. */
    readonly concealedMs: number;
  };
  /** Of what we sent, as the phone tells it by RTCP; absent when it told nothing. */
  readonly sent?: WayQuality;
  readonly roundTripMs?: number;
}

/** Takes events. A sink that throws is the emitter's to contain (`events/bus.ts`). */
export type EventSink = (event: GatewayEvent) => void;
