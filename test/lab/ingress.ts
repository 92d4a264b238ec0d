/** `node ingress.ts PORT CERTIFICATE KEY HOST PORT`: what an ingress controller does, without its rules: TLS ends here. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

const [port, certificate, key, host, toPort] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (client) => {
  const upstream = connect(Number(toPort), host);
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
});
server.listen(Number(port), () => console.log('serving'));
