import { LeaveRequest_Action, type SimulateScenario, SpeakerInfo, SpeakersChanged } from '@livekit/protocol';
import type { LeaveReason, Participant } from '../room/participant.ts';
import type { ServerMessage } from './frames.ts';

/** What a simulated mishap may do to the session that asked for it. */
export interface SimulatedSession {
  send(message: ServerMessage): void;
  end(reason: LeaveReason, action: LeaveRequest_Action): void;
  /** Hangs up without a word, and forgets the session: as a gateway does that is gone. */
  vanish(): void;
  /** The next resume is cut off: before anything is said, or after. */
  failResume(when: 'before-words' | 'after-words'): void;
}

/** Loud, as LiveKit's server pretends. */
const LEVEL = 0.9;

/**
 * Plays a mishap to the client that asks for it, and to nobody else (SimulateScenario of livekit_rtc.proto): SDKs and
 * applications try by this how they reconnect. What is not here needs a way of LiveKit's that we do not have.
 */
export function simulate(
  session: SimulatedSession,
  { sid }: Participant,
  { scenario }: SimulateScenario,
): void {
  switch (scenario.case) {
    case 'speakerUpdate': {
      // Unlike LiveKit's, ours ends with the next true news of speakers.
      const speakers = [new SpeakerInfo({ sid, active: true, level: LEVEL })];
      session.send({ case: 'speakersChanged', value: new SpeakersChanged({ speakers }) });
      return;
    }
    case 'nodeFailure':
    case 'migration':
      session.vanish();
      return;
    case 'serverLeave':
      session.end('server_shutdown', LeaveRequest_Action.DISCONNECT);
      return;
    case 'leaveRequestFullReconnect':
      session.end('state_mismatch', LeaveRequest_Action.RECONNECT);
      return;
    case 'disconnectSignalOnResume':
      session.failResume('after-words');
      return;
    case 'disconnectSignalOnResumeNoMessages':
      session.failResume('before-words');
      return;
    default:
      return;
  }
}
