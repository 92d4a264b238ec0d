import { fileURLToPath } from 'node:url';
import { AgentServer, defineAgent, initializeLogger, type JobContext, ServerOptions } from '@livekit/agents';
import {
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteTrack,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';

/**
 * A worker of LiveKit's agents framework whose agent says again what it hears. Started as a program with
 * `node echo-agent.ts <url> <agent name>`; its jobs run in processes of their own, which import this file again.
 */
const RATE = 48_000;

export default defineAgent({
  entry: async (job: JobContext) => {
    const audio = new AudioSource(RATE, 1);
    const echo = async (track: RemoteTrack): Promise<void> => {
      const reader = new AudioStream(track, { sampleRate: RATE, numChannels: 1 }).getReader();
      for (let frame = await reader.read(); !frame.done; frame = await reader.read())
        await audio.captureFrame(frame.value);
    };
    job.room.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind === TrackKind.KIND_AUDIO) void echo(track);
    });
    await job.connect();
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await job.agent?.publishTrack(LocalAudioTrack.createAudioTrack('echo', audio), options);
    console.log(`agent joined ${job.room.name} with ${job.job.metadata}`);
  },
});

const [, program = '', url = '', agentName = ''] = process.argv;
if (program === fileURLToPath(import.meta.url)) {
  initializeLogger({ pretty: false, level: 'debug' });
  const server = new AgentServer(
    new ServerOptions({
      agent: program,
      ...{ agentName, wsURL: url, apiKey: 'devkey', apiSecret: 'secret', logLevel: 'debug' },
      ...{ host: '127.0.0.1', port: Number(process.env['ECHO_HTTP_PORT'] ?? 0), production: false },
    }),
  );
  process.on('SIGTERM', () => {
    void server.close().finally(() => process.exit(0));
  });
  await server.run();
}
