import { copyFileSync, readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Certificates } from '../../src/adapters/tcp/certificates.ts';
import type { TcpListener } from '../../src/adapters/tcp/door.ts';
import { connectTls, listenTls } from '../../src/adapters/tcp/tls.ts';
import type { StreamConnection } from '../../src/base/net.ts';
import { Baresip } from '../support/baresip.ts';
import { Authority, type CertificateFiles } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { newBranch, rawOffer, rawRequest } from '../support/raw-sip.ts';

let authority: Authority;
let first: CertificateFiles;
let second: CertificateFiles;
let client: CertificateFiles;

beforeAll(() => {
  authority = new Authority();
  first = authority.issue('first', 'DNS:sip.example.com,IP:127.0.0.1');
  second = authority.issue('second', 'DNS:other.example.com');
  client = authority.issue('client', 'DNS:pbx.example.com');
});

function withKey({ certificate, key }: CertificateFiles) {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

/** A TLS client that keeps what it reads. */
class Client {
  text = '';
  readonly socket: TLSSocket;
  readonly secure: Promise<void>;

  constructor(port: number, options: ConnectionOptions = {}) {
    this.socket = connect({ host: '127.0.0.1', port, ca: readFileSync(authority.certificate), ...options });
    this.secure = new Promise((resolve, reject) => {
      this.socket.once('secureConnect', () => resolve());
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new Error('closed')));
    });
    this.secure.catch(() => {});
    this.socket.on('error', () => {});
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text;
    });
  }

  get commonName(): string {
    return String(this.socket.getPeerCertificate().subject.CN);
  }

  async expect(pattern: RegExp): Promise<string> {
    return eventually(`${pattern} in ${this.text}`, 15_000, () => pattern.exec(this.text)?.[0]);
  }

  /** Resolves when the far end has closed. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.closed) resolve();
      else this.socket.once('close', () => resolve());
    });
  }
}

describe('SIP over TLS', () => {
  let gateway: Gateway;
  let port: number;
  let live: CertificateFiles;

  beforeAll(async () => {
    port = await freePortBlock(2);
    live = { certificate: `${authority.folder}/live.pem`, key: `${authority.folder}/live.key` };
    copyFileSync(first.certificate, live.certificate);
    copyFileSync(first.key, live.key);
    gateway = await Gateway.start({
      TRUNKROOM_SIP_TLS_PORT: String(port),
      TRUNKROOM_SIP_TLS_CERTIFICATES: JSON.stringify(
        [live, second].map(({ certificate, key }) => ({ certificate_file: certificate, key_file: key })),
      ),
    });
  });

  afterAll(async () => {
    await gateway?.stop();
  });

  test('answers on the connection, and its Contact leads back over TLS', async () => {
    const one = new Client(port);
    await one.secure;
    expect(['TLSv1.2', 'TLSv1.3']).toContain(one.socket.getProtocol());
    const callId = `tls-${newBranch()}`;
    const local = one.socket.localPort ?? 0;
    const common = { user: 'tls-room', port, localPort: local, callId };
    const invite = rawRequest({ ...common, method: 'INVITE', body: rawOffer(40_000) });
    one.socket.write(invite.replace('SIP/2.0/UDP', 'SIP/2.0/TLS'));
    const answer = await one.expect(/SIP\/2\.0 200[\s\S]*?\r\n\r\n/);
    expect(answer).toMatch(new RegExp(`^Contact: <sip:127\\.0\\.0\\.1:${port};transport=tls>`, 'm'));
    const toTag = /^To:.*;tag=([^;\r]+)/m.exec(answer)?.[1] ?? '';
    const ack = rawRequest({ ...common, method: 'ACK', toTag });
    one.socket.write(ack.replace('SIP/2.0/UDP', 'SIP/2.0/TLS'));
    one.text = '';
    const bye = rawRequest({ ...common, method: 'BYE', toTag, cseq: 2 });
    one.socket.write(bye.replace('SIP/2.0/UDP', 'SIP/2.0/TLS'));
    await one.expect(/SIP\/2\.0 200/);
    one.socket.destroy();
  });

  test('answers a sips: call with a sips: Contact (RFC 3261 section 12.1.1)', async () => {
    const one = new Client(port);
    await one.secure;
    const common = { user: 'tls-room', port, localPort: one.socket.localPort ?? 0, callId: newBranch() };
    const secure = (text: string) => text.replace('SIP/2.0/UDP', 'SIP/2.0/TLS').replace(' sip:', ' sips:');
    one.socket.write(secure(rawRequest({ ...common, method: 'INVITE', body: rawOffer(40_000) })));
    const answer = await one.expect(/SIP\/2\.0 200[\s\S]*?\r\n\r\n/);
    expect(answer).toMatch(/^Contact: <sips:127\.0\.0\.1:\d+>/m);
    const toTag = /^To:.*;tag=([^;\r]+)/m.exec(answer)?.[1] ?? '';
    one.socket.write(secure(rawRequest({ ...common, method: 'ACK', toTag })));
    one.socket.write(secure(rawRequest({ ...common, method: 'BYE', toTag, cseq: 2 })));
    await one.expect(/CSeq: 2 BYE/);
    one.socket.destroy();
  });

  test('a double CRLF gets its pong', async () => {
    const one = new Client(port);
    await one.secure;
    one.socket.write('\r\n\r\n');
    await one.expect(/^\r\n$/);
    one.socket.destroy();
  });

  test('shows the certificate that was asked for, else the first', async () => {
    const named = new Client(port, { servername: 'other.example.com' });
    await named.secure;
    expect(named.commonName).toBe('second');
    const unnamed = new Client(port);
    await unnamed.secure;
    expect(unnamed.commonName).toBe('first');
    named.socket.destroy();
    unnamed.socket.destroy();
  });

  test('TLS 1.1 is refused', async () => {
    const old = new Client(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await expect(old.secure).rejects.toThrow();
  });

  test('a softphone calls over TLS and hangs up', async () => {
    const phone = await Baresip.start({
      user: '60377777001',
      tone: { hz: 440, amplitude: 8192 },
      transport: 'tls',
      authority: authority.certificate,
    });
    try {
      await phone.dial(`sip:tls-room@127.0.0.1:${port}`);
      const answered = (await gateway.metrics()).value('trunkroom_calls_received_total', {
        trunk: 'development',
        transport: 'tls',
      });
      expect(answered).toBeGreaterThan(0);
      phone.hangUp();
      await phone.closed();
    } finally {
      await phone.stop();
    }
  });

  test('takes a new certificate without a restart, keeps it when the next is bad, and no connection falls', async () => {
    const before = new Client(port);
    await before.secure;
    copyFileSync(client.key, live.key);
    copyFileSync(client.certificate, live.certificate);
    const servesNew = async () => {
      const one = new Client(port, { checkServerIdentity: () => undefined });
      await one.secure;
      const name = one.commonName;
      one.socket.destroy();
      return name === 'client';
    };
    await eventually('the new certificate is served', 15_000, servesNew);
    copyFileSync(first.key, live.key);
    await eventually('a key that does not fit is refused', 15_000, () =>
      gateway.child.output.includes('certificates changed and cannot be used'),
    );
    expect(await servesNew()).toBe(true);
    before.socket.write('\r\n\r\n');
    await before.expect(/^\r\n$/);
    before.socket.destroy();
  });
});

describe('client certificates', () => {
  test('who shows none, or one of another authority, is not let in when one is required', async () => {
    const port = await freePortBlock(2);
    const gateway = await Gateway.start({
      TRUNKROOM_SIP_TLS_PORT: String(port),
      TRUNKROOM_SIP_TLS_CA_FILE: authority.certificate,
      TRUNKROOM_SIP_TLS_CLIENT_CERTIFICATES: 'require',
      TRUNKROOM_SIP_TLS_CERTIFICATES: JSON.stringify([
        { certificate_file: first.certificate, key_file: first.key },
      ]),
    });
    try {
      const known = new Client(port, withKey(client));
      await known.secure;
      known.socket.write('\r\n\r\n');
      await known.expect(/^\r\n$/);
      known.socket.destroy();
      const foreign = new Authority().issue('foreign', 'DNS:pbx.example.com');
      for (const options of [{}, withKey(foreign)]) {
        const refused = new Client(port, options);
        refused.socket.write('\r\n\r\n');
        await refused.closed();
        expect(refused.text).toBe('');
      }
    } finally {
      await gateway.stop();
    }
  });
});

describe('servers that we connect to', () => {
  let listener: TcpListener;
  let accepted: StreamConnection[];
  let ours: Certificates;

  beforeAll(async () => {
    const pem = ({ certificate, key }: CertificateFiles) => ({
      certificate: readFileSync(certificate, 'utf8'),
      key: readFileSync(key, 'utf8'),
    });
    const ca = readFileSync(authority.certificate, 'utf8');
    ours = new Certificates([pem(client)], ca);
    accepted = [];
    const withCommonName = authority.issue(
      'cn',
      'DNS:sip.example.com,DNS:*.relays.example.com',
      'carrier.example.com',
    );
    listener = await listenTls(
      { address: '127.0.0.1', port: 0 },
      {
        certificates: new Certificates([pem(withCommonName)], ca),
        clientCertificates: 'require',
        accept: (connection) => accepted.push(connection),
      },
    );
  });

  afterAll(async () => {
    await listener?.close();
  });

  const to = (name: string, verify: 'peer' | 'skip') =>
    connectTls(listener.local, { name, verify, certificates: ours, timeoutMs: 5000 });

  test('must speak for the name by subjectAltName, and are shown our certificate', async () => {
    const connection = await to('sip.example.com', 'peer');
    await eventually('it is accepted', 15_000, () => accepted.length === 1);
    // Ours, by which they may use the connection for their own requests (RFC 5923).
    const { speaksFor } = accepted[0]!;
    expect([speaksFor?.('pbx.example.com'), speaksFor?.('sip.example.com')]).toEqual([true, false]);
    connection.close();
  });

  test.each(['carrier.example.com', 'example.com', '127.0.0.1'])('may not be %s', async (name) => {
    await expect(to(name, 'peer')).rejects.toThrow(`does not speak for ${name}`);
  });

  test('are known by a wildcard where HTTPS would know them, and SIP does not', async () => {
    const name = 'one.relays.example.com';
    await expect(to(name, 'peer')).rejects.toThrow(`does not speak for ${name}`);
    const options = { name, verify: 'peer', identity: 'host', certificates: ours, timeoutMs: 5000 } as const;
    const connection = await connectTls(listener.local, options);
    connection.close();
    await expect(connectTls(listener.local, { ...options, name: 'other.example.com' })).rejects.toThrow(
      /altname/i,
    );
  });

  test('may be anybody when nobody looks', async () => {
    const connection = await to('anything.example.com', 'skip');
    connection.close();
  });
});
