/**
 * The seam between the control side (main thread: SIP, HTTP, WebSocket, policy) and the media side (a media worker:
 * packets and samples). One closed union of commands and one of events, plain data only, and nothing else passes.
 *
 * Order: commands of one worker are carried out in the order sent. Ids are the control side's; a worker meets an id
 * first in the command that opens it. A command that names what is gone already is dropped without complaint, for
 * the two sides close things on their own.
 */

import type { ToneName } from '../audio/call-tones.ts';
import type { Millis } from '../base/clock.ts';
import type { CallQuality, DropPlace, LegQuality } from '../events/index.ts';
import type { IceCredentials } from '../ice/credentials.ts';
import type { LegDescription } from '../leg/description.ts';
import type { SrtpMaster, SrtpProfile } from '../rtp/srtp/key-derivation.ts';
import type { PathQuality } from './path-quality.ts';

export type { IceCredentials };

/** A room's sid, `RM_…`. */
export type RoomId = string;
/** A published track's sid, `TR_…`: a phone's voice, or one medium of a browser. */
export type TrackId = string;
/** A phone's media in a room, `LG_…`. */
export type LegId = string;
/** One ICE/DTLS association with a browser, `TP_…`. LiveKit clients have one (`/rtc/v1`) or two (`/rtc`). */
export type TransportId = string;
/** One subscription of one transport to one track, `SN_…`. */
export type SenderId = string;

export type MediaKind = 'audio' | 'video';

/** A codec as SDP names it; `mime` in lower case, `audio/opus`, `audio/pcma`. `channels` 1 when SDP is silent. */
export interface Codec {
  readonly mime: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly payloadType: number;
  /** The `a=fmtp` parameters as one string, or empty. */
  readonly fmtp: string;
  /** Payload type of its retransmissions (RFC 4588). */
  readonly rtx?: number | undefined;
}

/** RTP header extension ids (RFC 8285) that the peer and we agreed on for one m-line; 0 = not agreed. */
export interface ExtensionIds {
  readonly mid: number;
  readonly audioLevel: number;
  readonly absSendTime: number;
  readonly transportCc: number;
  /** AV1's Dependency Descriptor; absent: not agreed. */
  readonly dependencyDescriptor?: number;
  /** How long a video is held back; absent: not agreed. */
  readonly playoutDelay?: number;
}

/** The sizes in which a browser sends one track at once, told apart by RtpStreamId (RFC 8852). */
export interface SimulcastLayers {
  readonly ridExtension: number;
  /** The extension that names the stream which a retransmission repairs; 0 = not agreed. */
  readonly repairedExtension?: number;
  /** From the smallest to the largest. */
  readonly rids: readonly string[];
}

/** `a=fingerprint`: `sha-256`, upper-case hex pairs with colons. */
export interface Fingerprint {
  readonly algorithm: string;
  readonly value: string;
}

/** Both ends of a phone's ICE and DTLS, as their descriptions have them. */
export interface LegAssociation {
  /** Others than before restart ICE. */
  readonly local: IceCredentials;
  readonly remote: IceCredentials;
  readonly fingerprints: readonly Fingerprint[];
  /** Ours in DTLS: the client begins the handshake. */
  readonly role: 'client' | 'server';
}

/** A phone's DTLS without ICE. Anything else than before asks for another association (RFC 8842 section 3.1). */
export interface LegDtls {
  /** Of the certificates that the phone may have. */
  readonly fingerprints: readonly Fingerprint[];
  /** Ours: the client begins the handshake. */
  readonly role: 'client' | 'server';
  /** The phone's `a=tls-id`. */
  readonly theirId?: string | undefined;
}

/** A master key of SDP, and the identifier that each of its packets bears (RFC 3711 section 3.1). */
export interface LegKey extends SrtpMaster {
  readonly mki?: Uint8Array | undefined;
}

/** SRTP's keys of a phone's media, as SDP told them (RFC 4568): of what we send, and of what comes. */
export interface LegCrypto {
  readonly profile: SrtpProfile;
  readonly local: LegKey;
  readonly remote: LegKey;
}

/** A key as a telephone-event (RFC 4733), or as its tones within the voice. */
export type KeyForm = 'event' | 'tone';

/**
 * What a phone's SDP and ours agreed on: what its leg needs, and how its packets are protected and come. Without
 * `mediaTimeoutMs` it is the worker's; when it is over: `leg.silent`.
 */
export interface LegMedia extends LegDescription {
  /** Of a leg that was opened with `ice`, whose `remote` and `allowedSources` say nothing: ICE finds the way. */
  readonly association?: LegAssociation | undefined;
  /** SRTP's keys come by DTLS on the RTP port (RFC 5763). */
  readonly dtls?: LegDtls | undefined;
  /** Undefined: plain RTP, or DTLS. Keys as before keep their counters; others begin anew. */
  readonly crypto?: LegCrypto | undefined;
  readonly codec: Codec;
  readonly accept: readonly Codec[];
}

/** Something to play: one of the gateway's own tones, or a recording of the `sounds` directory. */
export type Sound =
  | { readonly from: 'tone'; readonly tone: ToneName; readonly country?: string | undefined }
  | { readonly from: 'file'; readonly name: string; readonly language: string };

/** What follows the last sound: nothing, the last one again, or all of them again. */
export type SoundRepeat = 'once' | 'last' | 'all';

/** Names something that is played, for its leg or room. */
export type PlayId = string;

/** Why something is no longer played; `missing`: there is no such recording. */
export type PlayEnd = 'finished' | 'stopped' | 'replaced' | 'missing';

export type MediaCommand =
  | { readonly type: 'room.open'; readonly room: RoomId }
  /** Closes the room with all that is in it. */
  | { readonly type: 'room.close'; readonly room: RoomId }
  /**
   * Reserves an RTP/RTCP port pair for a phone, or with `ice` a place at the worker's port for browsers, behind ICE and
   * DTLS-SRTP; answered by `leg.opened` or `leg.failed`.
   */
  | {
      readonly type: 'leg.open';
      readonly room: RoomId;
      readonly leg: LegId;
      readonly track: TrackId;
      readonly ice?: IceCredentials;
    }
  /** Starts media, or changes it after a re-INVITE. With `track` the phone's voice is that track from now on. */
  | { readonly type: 'leg.media'; readonly leg: LegId; readonly media: LegMedia; readonly track?: TrackId }
  /** Mutes the phone's voice towards the room. */
  | { readonly type: 'leg.mute'; readonly leg: LegId; readonly muted: boolean }
  /** Sends a key to the phone: as a telephone-event when `form` is not given. */
  | {
      readonly type: 'leg.dtmf';
      readonly leg: LegId;
      readonly digit: string;
      readonly durationMs: number;
      readonly form?: KeyForm;
    }
  /** The phone, with its port, into another room of the same worker, as that room's `track`. */
  | { readonly type: 'leg.move'; readonly leg: LegId; readonly room: RoomId; readonly track: TrackId }
  /** Plays sounds to one phone, in the place of what was played to it before; answered by `leg.played`. */
  | {
      readonly type: 'leg.play';
      readonly leg: LegId;
      readonly play: PlayId;
      readonly sounds: readonly Sound[];
      readonly repeat: SoundRepeat;
      /** Whether the phone hears its room meanwhile. */
      readonly room: 'heard' | 'silenced';
    }
  | { readonly type: 'leg.stop'; readonly leg: LegId; readonly play: PlayId }
  | { readonly type: 'leg.close'; readonly leg: LegId }
  /** Plays sounds to all phones of a room. What plays once is not kept for a phone that comes later. */
  | {
      readonly type: 'room.play';
      readonly room: RoomId;
      readonly play: PlayId;
      readonly sounds: readonly Sound[];
      readonly repeat: SoundRepeat;
    }
  | { readonly type: 'room.stop'; readonly room: RoomId; readonly play: PlayId }
  /**
   * Plays sounds to the browsers of a room within a phone's track, in the place of what sounded there before and above what
   * the phone says; answered by `track.played`. The track may outlive its leg, or be there before the leg has media. Phones
   * are not sent tracks: they hear `room.play`.
   */
  | {
      readonly type: 'track.play';
      readonly room: RoomId;
      readonly leg: LegId;
      readonly track: TrackId;
      /** As the track was published. */
      readonly codec: Pick<Codec, 'mime' | 'fmtp'>;
      readonly play: PlayId;
      readonly sounds: readonly Sound[];
      readonly repeat: SoundRepeat;
    }
  | { readonly type: 'track.stop'; readonly room: RoomId; readonly track: TrackId; readonly play: PlayId }
  | {
      readonly type: 'transport.open';
      readonly room: RoomId;
      readonly transport: TransportId;
      readonly local: IceCredentials;
      /** `relay`: checks from elsewhere than a TURN server's relays are dropped. */
      readonly ways?: 'relay';
    }
  /** The browser's description is known: DTLS may go on, held datagrams are replayed. Again after an ICE restart. */
  | {
      readonly type: 'transport.remote';
      readonly transport: TransportId;
      readonly remote: IceCredentials;
      readonly fingerprints: readonly Fingerprint[];
      /** The peer waits for us to begin DTLS: its description says `a=setup:passive`. */
      readonly dtls?: 'client';
    }
  /** New local credentials (ICE restart); the old ones are good until the first check with the new ones. */
  | { readonly type: 'transport.restart'; readonly transport: TransportId; readonly local: IceCredentials }
  | { readonly type: 'transport.close'; readonly transport: TransportId }
  /** A track that a browser publishes on m-line `mid`. `ssrcs` may be empty: then the mid extension finds it. */
  | {
      readonly type: 'receiver.open';
      readonly transport: TransportId;
      readonly track: TrackId;
      readonly kind: MediaKind;
      readonly mid: string;
      readonly ssrcs: readonly number[];
      readonly codecs: readonly Codec[];
      readonly extensions: ExtensionIds;
      readonly simulcast?: SimulcastLayers;
      /** It is forwarded as it is; no phone can hear it. Undefined: none. */
      readonly encryption?: 'end-to-end';
    }
  | { readonly type: 'receiver.mute'; readonly track: TrackId; readonly muted: boolean }
  /** Phones hear a browser's sound, as they do by themselves, or no longer do. */
  | { readonly type: 'receiver.phones'; readonly track: TrackId; readonly hear: 'all' | 'nothing' }
  | { readonly type: 'receiver.close'; readonly track: TrackId }
  /** Forwards `track` to a browser on m-line `mid` with `ssrc`, in that of `codecs` which the track's packets have. */
  | {
      readonly type: 'sender.open';
      readonly sender: SenderId;
      readonly transport: TransportId;
      readonly track: TrackId;
      readonly kind: MediaKind;
      readonly mid: string;
      readonly ssrc: number;
      /** Of retransmissions, which go out if the codec has a payload type for them. */
      readonly rtxSsrc?: number;
      readonly cname: string;
      readonly codecs: readonly Codec[];
      readonly extensions: ExtensionIds;
      readonly playoutDelay?: { readonly minMs: Millis; readonly maxMs: Millis };
    }
  /** Forwards another track on the same m-line: the same picture in another of its codecs. */
  | { readonly type: 'sender.source'; readonly sender: SenderId; readonly track: TrackId }
  | { readonly type: 'sender.mute'; readonly sender: SenderId; readonly muted: boolean }
  /** The largest simulcast layer that the browser has a use for, 0 the smallest. Until it is said: the largest. */
  | { readonly type: 'sender.layer'; readonly sender: SenderId; readonly layer: number }
  /** Frames a second that are enough, 0: all; and LiveKit's priority among a browser's videos, larger first. */
  | {
      readonly type: 'sender.wish';
      readonly sender: SenderId;
      readonly framesPerSecond: number;
      readonly priority: number;
    }
  | { readonly type: 'sender.close'; readonly sender: SenderId }
  /** Sends a message over the transport's data channel. */
  | {
      readonly type: 'data.send';
      readonly transport: TransportId;
      readonly channel: DataChannelLabel;
      readonly bytes: Uint8Array;
    }
  /** Answered by `gauges`. */
  | { readonly type: 'gauges.ask' }
  /** Closes everything and exits; answered by `worker.stopped`. */
  | { readonly type: 'worker.stop' };

/** LiveKit's two data channels. */
export type DataChannelLabel = '_reliable' | '_lossy';

/** Which way a transport's packets come, as far as the SFU can tell: from the browser's check. */
export interface TransportPath {
  readonly protocol: 'udp' | 'tcp';
  readonly remote: string;
  /** True when the remote address is a relay of the embedded TURN server. */
  readonly relayed: boolean;
}

/** One speaker of a room. `level` 0 … 1 in steps of 1/8, as LiveKit's active speakers have it. */
export interface SpeakerLevel {
  readonly track: TrackId;
  readonly level: number;
}

/** How many of each thing a worker holds: after the last call all are 0, but `sockets` = 1 (the mux). */
export interface WorkerGauges {
  readonly rooms: number;
  readonly legs: number;
  readonly transports: number;
  readonly receivers: number;
  readonly senders: number;
  readonly rtpPorts: number;
  readonly sockets: number;
  readonly alarms: number;
}

/** Counted since the last event of this kind, summed per worker. */
export interface WorkerCounts {
  readonly rtpFromPhones: number;
  readonly rtpToPhones: number;
  readonly rtpFromBrowsers: number;
  readonly rtpToBrowsers: number;
  /** 20 ms ticks that started over 10 ms late. */
  readonly lateTicks: number;
}

/** Who does what costs most: the addon, with the OpenSSL inside of Node, or what stands in for it. */
export interface MediaEngines {
  readonly dtls: 'openssl' | 'werift';
  readonly srtp: 'openssl' | 'typescript';
  readonly sockets: 'addon' | 'node';
}

export type MediaEvent =
  /** The worker listens. `fingerprint` is of the certificate that all its transports use. */
  | {
      readonly type: 'worker.ready';
      readonly icePort: number;
      readonly fingerprint: Fingerprint;
      readonly engines: MediaEngines;
    }
  | { readonly type: 'worker.stopped' }
  | { readonly type: 'worker.failed'; readonly reason: string }
  /** A bug in the worker that cost a call or a room, not the worker. */
  | { readonly type: 'worker.fault'; readonly doing: string; readonly error: string }
  | { readonly type: 'leg.opened'; readonly leg: LegId; readonly port: number }
  /** No port, or no way to the phone: ICE or DTLS came to nothing, or to its end. */
  | { readonly type: 'leg.failed'; readonly leg: LegId; readonly reason: string }
  /** First RTP of the phone arrived. */
  | { readonly type: 'leg.heard'; readonly leg: LegId }
  /** The first RTP packet went to the phone. */
  | { readonly type: 'leg.spoke'; readonly leg: LegId }
  /** A key was pressed, reported once at its end for each form in which the phone sent it; a telephone-event when `form` is not given. */
  | {
      readonly type: 'leg.digit';
      readonly leg: LegId;
      readonly digit: string;
      readonly durationMs: number;
      readonly form?: KeyForm;
    }
  /** What `leg.play` began is over. A leg that is closed says nothing of it. */
  | { readonly type: 'leg.played'; readonly leg: LegId; readonly play: PlayId; readonly why: PlayEnd }
  /** What `track.play` began is over. */
  | { readonly type: 'track.played'; readonly track: TrackId; readonly play: PlayId; readonly why: PlayEnd }
  /** Nothing came from the phone for the media time-out. */
  | { readonly type: 'leg.silent'; readonly leg: LegId }
  /** How the call fared, every 5 s while there is sound or a report of it. */
  | { readonly type: 'leg.quality'; readonly leg: LegId; readonly quality: CallQuality }
  /** The leg's last numbers, before it is gone. */
  | { readonly type: 'leg.closed'; readonly leg: LegId; readonly quality: LegQuality }
  | { readonly type: 'transport.connected'; readonly transport: TransportId; readonly path: TransportPath }
  | { readonly type: 'transport.path'; readonly transport: TransportId; readonly path: TransportPath }
  /** How well a transport's media fared of late, every 5 s while reports come. */
  | { readonly type: 'transport.quality'; readonly transport: TransportId; readonly quality: PathQuality }
  /** A video lacks bandwidth altogether, and is not sent; or it has it again. */
  | {
      readonly type: 'sender.state';
      readonly transport: TransportId;
      readonly sender: SenderId;
      readonly state: 'paused' | 'active';
    }
  /** ICE consent ran out, DTLS failed its audit, or the browser closed DTLS. Nothing more comes of it. */
  | { readonly type: 'transport.failed'; readonly transport: TransportId; readonly reason: string }
  /** All who speak now, loudest first; an empty list when the last falls silent. At most every 300 ms a room. */
  | { readonly type: 'speakers'; readonly room: RoomId; readonly speakers: readonly SpeakerLevel[] }
  | { readonly type: 'data.opened'; readonly transport: TransportId; readonly channel: DataChannelLabel }
  | {
      readonly type: 'data.received';
      readonly transport: TransportId;
      readonly channel: DataChannelLabel;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'dropped'; readonly where: DropPlace; readonly reason: string; readonly count: number }
  | { readonly type: 'counts'; readonly counts: WorkerCounts }
  | { readonly type: 'gauges'; readonly gauges: WorkerGauges };

/** The control side's end of the seam: one media worker, in a thread or in-process under test. */
export interface MediaWorkerPort {
  send(command: MediaCommand): void;
  /** Set once, before the first command. */
  onEvent: (event: MediaEvent) => void;
}
