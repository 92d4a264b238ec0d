import { openUdp } from '../adapters/udp/udp.ts';
import { fromUtf8 } from '../base/bytes.ts';
import type { WallClock } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { EventSink } from '../events/index.ts';
import type { SipEndpointOptions } from '../sip/endpoint.ts';
import { callIdOf } from '../trace/call-id.ts';
import { hepPacket } from '../trace/hep.ts';
import { defaultTraceLimits, TraceRecorder } from '../trace/recorder.ts';
import { redact } from '../trace/redact.ts';
import type { Config } from './config/schema.ts';
import { listening } from './startup-error.ts';

/** Datagrams that may wait for the kernel: a collector that is slow costs captures, not memory. */
const MAX_QUEUED = 1000;
/** What HEP's 16 bits of length leave for the message. */
const MAX_PAYLOAD = 60_000;

/** What is kept of SIP, and what is sent to a collector. */
export interface TraceService {
  readonly recorder: TraceRecorder;
  readonly observe: NonNullable<SipEndpointOptions['observe']>;
  close(): void;
}

/** As `trace` is configured. Rejects with a StartupError. */
export async function openTrace(
  config: Config['trace'],
  wall: WallClock,
  emit: EventSink,
): Promise<TraceService> {
  const recorder = new TraceRecorder(wall, { ...defaultTraceLimits, calls: config.calls });
  recorder.onStage = (call, stage, ms) => emit({ type: 'call.stage', call, stage, ms });
  const { hep_address: address, hep_port: port } = config;
  if (address === undefined) return { recorder, observe: recorder.observe, close: () => {} };
  const local = { address: address.includes(':') ? '::' : '0.0.0.0', port: 0 };
  const socket = await listening('trace.hep_address', () => openUdp(local));
  const capture = hepCapture(config, wall, socket, { address, port });
  return {
    recorder,
    observe: (way, bytes, flow, text) => {
      recorder.observe(way, bytes, flow, text);
      capture(way, bytes, flow, text);
    },
    close: () => socket.close(),
  };
}

/** Sends each message to the collector, without its secrets. */
function hepCapture(
  config: Config['trace'],
  wall: WallClock,
  socket: DatagramSocket,
  to: { readonly address: string; readonly port: number },
): TraceService['observe'] {
  const identity = { captureId: config.hep_id, authKey: config.hep_password };
  return (way, bytes, flow, known) => {
    if (socket.queued > MAX_QUEUED || bytes.length > MAX_PAYLOAD) return;
    const text = known ?? fromUtf8(bytes);
    const callId = callIdOf(text);
    const payload = redact(bytes, text);
    const packet = hepPacket({ unixMs: wall.unixMs(), way, flow, payload, callId }, identity);
    socket.send(packet, to.port, to.address);
  };
}
