import type { Config } from './schema.ts';
import type { Path } from './source.ts';

interface WebPhoneFault {
  readonly path: Path;
  readonly message: string;
}

/** Everybody's address: fit only for who has to prove himself before he is told anything. */
const EVERYBODY = /\/0+$/;

/** Web phones come from anywhere, so that a trunk for them must ask for credentials; and only theirs may name everybody. */
export function webPhoneFaults({ trunks }: Config): WebPhoneFault[] {
  return trunks.flatMap(({ transports, auth_username: user, allowed_addresses: addresses }, index) => {
    const faults: WebPhoneFault[] = [];
    const isWeb = transports.includes('ws');
    if (isWeb && user === undefined) {
      faults.push({
        path: ['trunks', index, 'transports'],
        message: 'with ws, auth_username and its password are needed',
      });
    }
    if (isWeb && transports.length === 1) return faults;
    addresses.forEach((address, at) => {
      if (!EVERYBODY.test(address)) return;
      faults.push({
        path: ['trunks', index, 'allowed_addresses', at],
        message: 'this names everybody; name the carrier\u2019s own addresses',
      });
    });
    return faults;
  });
}
