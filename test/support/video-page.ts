import type { ChromiumUser } from './chromium.ts';
import { pageSays } from './livekit-page.ts';

/** What a page of `joinWithSdk` has seen of the one remote video since it began, from `getStats`; all 0 while there is none. */
export interface Picture {
  readonly frames: number;
  readonly height: number;
  /** Frames of the last second. */
  readonly perSecond: number;
  readonly freezes: number;
  readonly freezeSeconds: number;
  readonly bytes: number;
  readonly nacks: number;
  readonly retransmitted: number;
  readonly lost: number;
  /** As `video/vp8`; empty while there is none. */
  readonly codec: string;
}

const pictureScript = `window.remoteVideo = () =>
  [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()])[0];
window.picture = async () => {
  const report = await remoteVideo()?.videoTrack?.getRTCStatsReport();
  const entry = [...(report?.values() ?? [])].find(({ type }) => type === 'inbound-rtp') ?? {};
  return {
    frames: entry.framesDecoded ?? 0,
    height: entry.frameHeight ?? 0,
    perSecond: entry.framesPerSecond ?? 0,
    freezes: entry.freezeCount ?? 0,
    freezeSeconds: entry.totalFreezesDuration ?? 0,
    bytes: entry.bytesReceived ?? 0,
    nacks: entry.nackCount ?? 0,
    retransmitted: entry.retransmittedPacketsReceived ?? 0,
    lost: entry.packetsLost ?? 0,
    codec: (report?.get(entry.codecId)?.mimeType ?? '').toLowerCase(),
  };
}; void 0`;

/** Makes a page ready to be asked what it sees. */
export async function watchVideo(user: ChromiumUser): Promise<void> {
  await user.page.evaluate(pictureScript);
}

export function picture(user: ChromiumUser): Promise<Picture> {
  return user.page.evaluate<Picture>('picture()');
}

/** Waits until `condition`, in the names of {@link Picture}, is true. */
export function seesVideo(
  user: ChromiumUser,
  what: string,
  condition: string,
  withinMs = 30_000,
): Promise<void> {
  const names = '{ frames, height, perSecond }';
  return pageSays(user, what, `picture().then((${names}) => ${condition})`, withinMs);
}

/** Calls a method of livekit-client's publication of the one remote video, such as `setEnabled(false)`. */
export async function askOfVideo(user: ChromiumUser, call: string): Promise<void> {
  await user.page.evaluate(`remoteVideo().${call}`);
}
