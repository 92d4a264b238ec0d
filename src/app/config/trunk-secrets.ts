import type { Config } from './schema.ts';
import type { Path } from './source.ts';

interface Credentials {
  readonly auth_username?: string | undefined;
  auth_password?: string | undefined;
  readonly auth_password_file?: string | undefined;
}

/** Trunks with the passwords that their files hold. A user without a password, or with two, is a fault. */
export function withTrunkSecrets(
  config: Config,
  read: (path: string) => string | undefined,
): { readonly config: Config; readonly problems: readonly { path: Path; message: string }[] } {
  const problems: { path: Path; message: string }[] = [];
  const complete = <T extends Credentials>(section: string, trunks: readonly T[]): T[] =>
    trunks.map((trunk, index) => {
      const fault = (key: string, message: string) => {
        problems.push({ path: [section, index, key], message });
      };
      const { auth_username: user, auth_password: given, auth_password_file: file } = trunk;
      if (file !== undefined && given !== undefined)
        fault('auth_password_file', 'auth_password is set too: give one');
      const found = file === undefined ? given : read(file)?.trim();
      const password = found === '' ? undefined : found;
      if (file !== undefined && password === undefined)
        fault('auth_password_file', `${file} cannot be read, or holds no password`);
      else if (user !== undefined && password === undefined)
        fault('auth_username', 'auth_password or auth_password_file is needed with it');
      else if (user === undefined && password !== undefined)
        fault('auth_username', 'is needed with a password');
      return { ...trunk, auth_password: password };
    });
  return {
    config: {
      ...config,
      trunks: complete('trunks', config.trunks),
      outbound_trunks: complete('outbound_trunks', config.outbound_trunks),
    },
    problems,
  };
}
