import { createSocket, type Socket } from 'node:dgram';

/** Refuses every INVITE with 486 and a Q.850 cause, by hand, no SIP stack at all. `asked` gets the INVITEs. */
export async function openBusyPeer(asked: string[] = []): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { port, address }) => {
    const request = bytes.toString('latin1');
    if (!request.startsWith('INVITE ')) return;
    asked.push(request);
    const lines = request.split('\r\n');
    const kept = lines.filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(line));
    const answered = kept.map((line) => (/^To:/i.test(line) ? `${line};tag=busy` : line));
    const reason = 'Reason: Q.850;cause=17;text="User busy"';
    const response = ['SIP/2.0 486 Busy Here', ...answered, reason, 'Content-Length: 0', '', ''];
    socket.send(response.join('\r\n'), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}
