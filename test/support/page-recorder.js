/**
 * Runs in the page before its own scripts (playwright's addInitScript). It hears what the page hears and reads what
 * WebRTC knows, so that the page itself needs no test hooks: `window.__ear`.
 *
 * `__earOptions` is defined in front of this file: { turnTransport: 'udp' | 'tcp' | 'tls' | 'any' | 'none', network: 'any' | 'tcp' }.
 */
(() => {
  const peers = [];
  const heard = new Map();
  let recorder;

  const WORKLET = `registerProcessor('ear', class extends AudioWorkletProcessor {
    constructor() { super(); this.block = new Float32Array(4800); this.filled = 0; }
    process(inputs) {
      const input = inputs[0][0];
      for (let i = 0; i < 128; i++) {
        this.block[this.filled++] = input === undefined ? 0 : input[i];
        if (this.filled === this.block.length) { this.port.postMessage(this.block.slice()); this.filled = 0; }
      }
      return true;
    }
  });`;

  async function startRecorder() {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' })),
    );
    // A gain node sums all sources to one channel; the worklet node must reach the destination to be run.
    const sum = new GainNode(context, { channelCount: 1, channelCountMode: 'explicit' });
    const tap = new AudioWorkletNode(context, 'ear', { channelCount: 1, channelCountMode: 'explicit' });
    const mute = new GainNode(context, { gain: 0 });
    sum.connect(tap).connect(mute).connect(context.destination);
    const blocks = [];
    tap.port.onmessage = (message) => blocks.push(message.data);
    await context.resume();
    return { context, sum, blocks };
  }

  async function hear(track) {
    if (track.kind !== 'audio' || heard.has(track.id)) return;
    heard.set(track.id, track);
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track for WebAudio only while a media element plays it too.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
    recorder ??= startRecorder();
    const { context, sum } = await recorder;
    context.createMediaStreamSource(stream).connect(sum);
  }

  function ofWantedTransport(config) {
    if (__earOptions.turnTransport === 'any' || config?.iceServers === undefined) return config;
    const iceServers = config.iceServers
      .map((server) => ({ ...server, urls: [server.urls].flat().filter(isWanted) }))
      .filter((server) => server.urls.length > 0);
    return { ...config, iceServers };
  }

  /** RFC 7065: `turn:host:port?transport=tcp`; UDP when it is not said. */
  function isWanted(url) {
    if (url.startsWith('turns:')) return __earOptions.turnTransport === 'tls';
    if (!url.startsWith('turn:')) return false;
    return (/[?&]transport=(\w+)/.exec(url)?.[1] ?? 'udp') === __earOptions.turnTransport;
  }

  const Native = window.RTCPeerConnection;
  const nativeSetRemoteDescription = Native.prototype.setRemoteDescription;
  Native.prototype.setRemoteDescription = function (description) {
    if (__earOptions.network !== 'tcp') return nativeSetRemoteDescription.call(this, description);
    const sdp = description.sdp.replace(/a=candidate:\S+ \d+ udp .*\r\n/gi, '');
    return nativeSetRemoteDescription.call(this, { type: description.type, sdp });
  };
  const nativeSetConfiguration = Native.prototype.setConfiguration;
  Native.prototype.setConfiguration = function (config) {
    return nativeSetConfiguration.call(this, ofWantedTransport(config));
  };
  window.RTCPeerConnection = new Proxy(Native, {
    construct(target, [config, ...rest], newTarget) {
      const peer = Reflect.construct(target, [ofWantedTransport(config), ...rest], newTarget);
      peers.push(peer);
      peer.addEventListener('track', (event) => void hear(event.track));
      return peer;
    },
  });

  // A steady tone is noise to a browser's noise suppression, and levels are measured here: no processing.
  const nativeGetUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => {
    const audio = constraints?.audio;
    if (!audio) return nativeGetUserMedia(constraints);
    const raw = {
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      voiceIsolation: false,
    };
    return nativeGetUserMedia({ ...constraints, audio: { ...(audio === true ? {} : audio), ...raw } });
  };

  function pcmBase64(blocks) {
    const samples = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      for (const sample of block) samples[at++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
    }
    const bytes = new Uint8Array(samples.buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 0x8000)
      text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(text);
  }

  window.__ear = {
    /** Remote audio that sounds now: a track that the far end took away is not ended but muted, and may come back. */
    tracks: () => [...heard.values()].filter((track) => track.readyState === 'live' && !track.muted).length,
    /** Forgets what was heard so far. */
    clear: async () => {
      recorder ??= startRecorder();
      (await recorder).blocks.length = 0;
    },
    /** Everything since `clear`, mono, 48 kHz, 16-bit, base 64. */
    take: async () => pcmBase64((await recorder)?.blocks ?? []),
    /** One entry for each connected peer connection. */
    selectedPairs: async () => {
      const pairs = [];
      for (const peer of peers) {
        if (peer.connectionState !== 'connected') continue;
        const stats = await peer.getStats();
        for (const transport of stats.values()) {
          if (transport.type !== 'transport') continue;
          const pair = stats.get(transport.selectedCandidatePairId);
          const local = stats.get(pair?.localCandidateId);
          const remote = stats.get(pair?.remoteCandidateId);
          if (local === undefined || remote === undefined) continue;
          pairs.push({
            protocol: local.protocol,
            localType: local.candidateType,
            relayProtocol: local.relayProtocol ?? '',
            remoteType: remote.candidateType,
            remoteAddress: remote.address,
            remotePort: remote.port,
          });
        }
      }
      return pairs;
    },
    inboundAudio: async () => {
      const found = [];
      for (const peer of peers) {
        if (peer.connectionState === 'closed') continue;
        for (const entry of (await peer.getStats()).values()) {
          if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
            const { packetsReceived, packetsLost, concealedSamples, totalSamplesReceived, jitter } = entry;
            found.push({ packetsReceived, packetsLost, concealedSamples, totalSamplesReceived, jitter });
          }
        }
      }
      return found;
    },
  };
})();
