import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { type IceCredentials, newIceCredentials } from '../../../src/ice/credentials.ts';
import {
  FakeBrowser,
  type FakeBrowserOptions,
  type HostUnderTest,
  until,
} from '../../support/fake-browser.ts';

/** A browser that publishes `TR_1`, from SSRC 9, on the transport `TP_1`; its description is known, and it has said nothing. */
export async function arrivingPublisher(
  { host }: HostUnderTest,
  options: FakeBrowserOptions = {},
): Promise<{ browser: FakeBrowser; local: IceCredentials }> {
  const local = newIceCredentials(systemRandom);
  host.open('TP_1', local);
  host.openReceiver({
    ...{ transport: 'TP_1', track: 'TR_1', kind: 'audio', mid: '0', ssrcs: [9] },
    codecs: [{ mime: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111, fmtp: '' }],
    extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 },
  });
  const browser = await FakeBrowser.open(host.port, options);
  const certificate = options.stolenCertificate ?? browser.certificate;
  host.remote('TP_1', browser.ice, [certificate.fingerprint]);
  return { browser, local };
}

/** The same, connected. */
export async function connectedPublisher(
  under: HostUnderTest,
  options: FakeBrowserOptions = {},
): Promise<FakeBrowser> {
  const { browser, local } = await arrivingPublisher(under, options);
  await browser.connect(local);
  await until(() => under.events.some((event) => event.type === 'transport.connected'), 'connected');
  return browser;
}
