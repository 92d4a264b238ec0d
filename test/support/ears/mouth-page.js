/**
 * Runs in a page with a connected `window.room`: says a sound as its microphone, and hears what the room says, both on
 * the clock of one AudioContext, whose frames are brought to the wall's time by stamps of `Date.now()`. `window.__mouth`.
 *
 * A sample is said when WebAudio renders it, and heard when WebAudio gets it: sound cards are not in it.
 */
(() => {
  const RATE = 48000;
  const WORKLET = `registerProcessor('mouth-ear', class extends AudioWorkletProcessor {
    constructor() { super(); this.block = new Float32Array(4800); this.filled = 0; }
    process(inputs) {
      const input = inputs[0][0];
      for (let i = 0; i < 128; i++) {
        this.block[this.filled++] = input === undefined ? 0 : input[i];
        if (this.filled === this.block.length) {
          this.port.postMessage({ block: this.block.slice(), end: currentFrame + i + 1, at: Date.now() });
          this.filled = 0;
        }
      }
      return true;
    }
  });`;
  let context;
  let started;
  const blocks = [];

  function samplesOf(base64) {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
  }

  function hear(track) {
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track for WebAudio only while a media element plays it too.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
    context.createMediaStreamSource(stream).connect(context.ear);
  }

  window.__mouth = {
    /** Begins to say `base64` (mono, 16 bits, 48 kHz) over and over, and to hear. */
    begin: async (base64) => {
      context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
      await context.audioWorklet.addModule(
        URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' })),
      );
      context.ear = new AudioWorkletNode(context, 'mouth-ear', {
        channelCount: 1,
        channelCountMode: 'explicit',
      });
      context.ear.port.onmessage = (message) => blocks.push(message.data);
      context.ear.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
      await context.resume();
      const { Track, RoomEvent } = window.LivekitClient;
      for (const participant of window.room.remoteParticipants.values())
        for (const { track } of participant.trackPublications.values())
          if (track?.kind === 'audio') hear(track.mediaStreamTrack);
      window.room.on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === 'audio') hear(track.mediaStreamTrack);
      });
      const out = context.createMediaStreamDestination();
      const said = samplesOf(base64);
      const buffer = context.createBuffer(1, said.length, RATE);
      buffer.copyToChannel(said, 0);
      const source = new AudioBufferSourceNode(context, { buffer, loop: true });
      source.connect(out);
      started = Math.ceil(context.currentTime * RATE + RATE / 4);
      source.start(started / RATE);
      await window.room.localParticipant.publishTrack(out.stream.getAudioTracks()[0], {
        source: Track.Source.Microphone,
        dtx: false,
        red: false,
      });
    },
    /** What was heard, with the wall's time (ms) of its first sample and of the first sample said. */
    take: () => {
      const offsets = blocks.map(({ end, at }) => at - (end * 1000) / RATE).sort((a, b) => a - b);
      const offset = offsets[offsets.length >> 1];
      const samples = new Int16Array(blocks.reduce((sum, { block }) => sum + block.length, 0));
      let at = 0;
      for (const { block } of blocks)
        for (const sample of block) samples[at++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
      const bytes = new Uint8Array(samples.buffer);
      let text = '';
      for (let i = 0; i < bytes.length; i += 0x8000)
        text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      const first = blocks[0].end - blocks[0].block.length;
      return {
        saidSince: offset + (started * 1000) / RATE,
        heardSince: offset + (first * 1000) / RATE,
        heard: btoa(text),
      };
    },
  };
})();
