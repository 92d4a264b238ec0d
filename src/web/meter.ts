/** Shows how loud a microphone is, while it runs. */
export class LevelMeter {
  readonly #bar: HTMLElement;
  #followed: MediaStreamTrack | undefined;
  #stop: () => void = () => {};

  constructor(bar: HTMLElement) {
    this.#bar = bar;
  }

  /** Follows `track` from now on; undefined: silence. */
  follow(track: MediaStreamTrack | undefined): void {
    if (track === this.#followed) return;
    this.#followed = track;
    this.#stop();
    this.#show(0);
    if (track === undefined) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    let frame = 0;
    let ticks = 0;
    const draw = (): void => {
      frame = requestAnimationFrame(draw);
      // 20 times a second is as much as an eye wants.
      if (ticks++ % 3 !== 0) return;
      analyser.getFloatTimeDomainData(samples);
      let power = 0;
      for (const sample of samples) power += sample * sample;
      const decibels = 10 * Math.log10(power / samples.length + 1e-9);
      const level = Math.min(1, Math.max(0, (decibels + 60) / 54));
      shown = Math.max(level, shown * 0.82);
      this.#show(shown);
    };
    draw();
    this.#stop = () => {
      cancelAnimationFrame(frame);
      void context.close();
      this.#stop = () => {};
    };
  }

  #show(level: number): void {
    this.#bar.style.setProperty('--level', level.toFixed(3));
  }
}
