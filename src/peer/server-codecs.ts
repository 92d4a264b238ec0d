import type { RoomSettings } from '../room/wish.ts';
import type { CodecLine, HeaderExtensions, OptionalExtension } from '../sdp/browser-codecs.ts';

/** Payload types in our own offers: those of RFC 3551 where there are, else what browsers themselves use. */
export const serverCodecs: readonly CodecLine[] = [
  { mime: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, fmtp: '' },
  { mime: 'audio/red', clockRate: 48_000, channels: 2, payloadType: 63, fmtp: '111/111' },
  { mime: 'audio/g722', clockRate: 8000, channels: 1, payloadType: 9, fmtp: '' },
  { mime: 'audio/pcmu', clockRate: 8000, channels: 1, payloadType: 0, fmtp: '' },
  { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' },
  { mime: 'video/vp8', clockRate: 90_000, channels: 1, payloadType: 96, fmtp: '', rtx: 97 },
  { mime: 'video/vp9', clockRate: 90_000, channels: 1, payloadType: 98, fmtp: 'profile-id=0', rtx: 99 },
  {
    mime: 'video/h264',
    clockRate: 90_000,
    channels: 1,
    payloadType: 102,
    fmtp: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    rtx: 103,
  },
  {
    mime: 'video/av1',
    clockRate: 90_000,
    channels: 1,
    payloadType: 45,
    fmtp: 'level-idx=5;profile=0;tier=0',
    rtx: 46,
  },
];

/** Header extension ids in our own offers. */
export const serverExtensions: HeaderExtensions = { mid: 4, audioLevel: 1, absSendTime: 2, transportCc: 3 };

/** Those of a video's m-line. */
export function serverVideoExtensions(room: Pick<RoomSettings, 'playoutDelay'>): HeaderExtensions {
  const always = { ...serverExtensions, dependencyDescriptor: 5 };
  return room.playoutDelay === undefined ? always : { ...always, playoutDelay: 6 };
}

/** Those that are agreed to where the room asks for them: on all m-lines, for browsers offer no other ones on new m-lines. */
export function optionalExtensions(room: Pick<RoomSettings, 'playoutDelay'>): readonly OptionalExtension[] {
  return room.playoutDelay === undefined ? [] : ['playoutDelay'];
}
