/**
 * From which ports one UDP socket is seen. `node seen-ports.ts serve PORT PORT` answers each datagram with the port that
 * it came from; `node seen-ports.ts ask ADDRESS PORT PORT` asks both from one socket, and prints what they say.
 */
import { createSocket } from 'node:dgram';

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'serve') {
  let open = 0;
  for (const port of rest) {
    const socket = createSocket('udp4');
    socket.on('message', (_, from) => socket.send(String(from.port), from.port, from.address));
    socket.bind(Number(port), () => {
      if (++open === rest.length) console.log('serving');
    });
  }
} else {
  const [address, ...ports] = rest;
  const socket = createSocket('udp4');
  const answers: string[] = [];
  socket.on('message', (bytes) => {
    answers.push(String(bytes));
    if (answers.length < ports.length) return;
    console.log(`seen ${answers.join(' ')}`);
    socket.close();
  });
  for (const port of ports) socket.send('?', Number(port), address);
}
