/**
 * `npm run bench:flood [-- seconds calls packets-a-second turn]`: calls talk while a stranger floods the SIP port with INVITEs, or TURN's with
 * Allocate requests; by default 60 s, 20 calls and 20,000 packets a second. Fails when a call heard a gap over 60 ms.
 */
import { floodedCalls } from '../support/flooded-calls.ts';
import { Gateway } from '../support/gateway.ts';
import { oneTrunk } from '../support/one-trunk.ts';

const [seconds = 60, calls = 20, perSecond = 20_000] = process.argv.slice(2).map(Number);
const door = process.argv[5] === 'turn' ? 'turn' : 'sip';
const gateway = await Gateway.start(oneTrunk({ allowed_addresses: ['127.0.0.1/32'] }));
try {
  const result = await floodedCalls({ gateway, seconds, calls, perSecond, source: '127.0.0.2', door });
  const { sent, dropped, calmWaitMs, longestWaitMs, calmCpu, floodCpu, grownMb, faults } = result;
  console.log(
    `${calls} calls, ${seconds} s, ${sent} stray packets (${dropped} seen and dropped): ` +
      `CPU ${(calmCpu * 100).toFixed(0)} % of a core before and ${(floodCpu * 100).toFixed(0)} % in the flood, ` +
      `memory ${grownMb.toFixed(1)} MB more, ` +
      `at the most ${longestWaitMs.toFixed(0)} ms between two packets of a call (${calmWaitMs.toFixed(0)} before)`,
  );
  console.log(`${result.sentBytes} bytes came from the stranger, ${result.answerBytes} went back to it`);
  console.log(faults.length === 0 ? 'no gap over 60 ms in any call' : faults.join('\n'));
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await gateway.stop();
}
// Sockets of requests to /metrics would keep the process for a while.
process.exit();
