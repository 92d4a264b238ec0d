import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of the tests with real peers, those that judge no sound and no time: four of them at once hurt nobody. */
const protocol = [
  'test/interop/{kamailio,kamailio-outbound,kamailio-registration,kamailio-tls,drachtio,lifecycle}.test.ts',
  'test/interop/{livekit-server-sdk,livekit-sip-client,livekit-server-fields,sip-provisioning,rooms-life,external-turn,turn-coturn-client,turn-dont-fragment,late-addresses,netcheck}.test.ts',
  'test/interop/{sip-door,sip-tls,sip-trace,sip-torture,sip-torture-verdicts,sipp-load}.test.ts',
  'test/interop/{ipv6,ice-policy,nothing-left,sipvicious,whip-aiortc}.test.ts',
  'test/interop/rows/{sipp-loss,transfer,handed-on}.test.ts',
  'test/browser/{netcheck,data-over-bad-line}.test.ts',
];

/** Those that judge how good a sound or a picture is, or how late: nothing else runs meanwhile. */
const sound = [
  'test/browser/{four-parties,phone-and-browser,mouth-to-ear,video-over-bad-line}.test.ts',
  'test/browser/{codec-change,networks,roaming,wide-band,whip,behind-load-balancer}.test.ts',
  'test/interop/{bad-line,livekit-agents,rtc-node,sip-strangers,tools}.test.ts',
];

/** A file of them that failed has a second run, alone and from its beginning: see test/run.ts. */
const patience = {
  setupFiles: ['test/support/patience.ts'],
  ...{ testTimeout: 180_000, hookTimeout: 180_000 },
};

/** Of the files that run side by side, those that take longest though they are short. */
const long = [
  ...['sim/media/voice-quality', 'sim/media/voice-delay', 'unit/leg/voice-numbers'],
  ...['interop/sipp-load', 'rows/sipp-loss', 'interop/lifecycle', 'interop/rooms-life', 'browser/wide-band'],
];

/**
 * The largest files first, as vitest has it where it has not measured them yet, which is on every clean checkout; but before them those that take
 * longest: else SIPp's thousand calls, which are few lines, would come last and keep everybody waiting.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const place = ({ moduleId, project }: TestSpecification) => {
      const rank = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return projects.indexOf(project.name) * (long.length + 1) + (rank < 0 ? long.length : rank);
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

/**
 * Four tiers. `unit` needs nothing but npm: pure code in virtual time, and loopback sockets. The others need the peers that test/run.ts
 * installs (Chromium, baresip, SIPp, coturn, sox): `protocol` runs four files at a time, for they mostly wait; `interop`, which hears whether
 * a tone is there, two; `sound` one.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,sim,contract,fuzz}/**/*.test.ts'],
          setupFiles: ['test/support/patience.ts'],
          // By itself vitest leaves one of two cores to others, of whom there are none.
          maxWorkers: 2,
          // Virtual time takes what the machine needs for it.
          ...{ testTimeout: 60_000, hookTimeout: 60_000 },
        },
      },
      { test: { name: 'protocol', include: protocol, maxWorkers: 4, ...patience } },
      {
        test: {
          name: 'interop',
          include: ['test/{interop,browser}/**/*.test.ts'],
          exclude: [...protocol, ...sound],
          maxWorkers: 2,
          ...patience,
        },
      },
      { test: { name: 'sound', include: sound, fileParallelism: false, ...patience } },
    ],
  },
});
