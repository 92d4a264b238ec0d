import type { StaticUser } from '../../turn/accounts.ts';
import type { Config } from './schema.ts';
import type { Path } from './source.ts';

type TurnConfig = Config['turn'];

/** Reads a file that holds a secret; undefined when it cannot be read. */
type ReadSecret = (path: string) => string | undefined;

/** As `turn.secret` has it. */
const MIN_SECRET = 16;
const MIN_PASSWORD = 8;

/** What is wrong with `turn.users`: each has one password, from one place, and a name of its own. */
export function turnUserFaults(
  users: TurnConfig['users'],
  read: ReadSecret,
): { path: Path; message: string }[] {
  return users.flatMap(({ username, password, password_file }, index) => {
    const fault = (key: string, message: string) => [{ path: ['turn', 'users', index, key], message }];
    if (users.findIndex((one) => one.username === username) < index)
      return fault('username', 'stands here twice');
    if (password !== undefined && password_file !== undefined)
      return fault('password_file', 'password is set too: give one');
    if (password === undefined && password_file === undefined)
      return fault('username', 'password or password_file is needed with it');
    if (password_file !== undefined && passwordIn(password_file, read) === undefined)
      return fault(
        'password_file',
        `${password_file} cannot be read, or holds no password of 8 characters or more`,
      );
    return [];
  });
}

/** The users whose passwords are there now. */
export function turnUsers(users: TurnConfig['users'], read: ReadSecret): StaticUser[] {
  return users.flatMap(({ username, password: given, password_file }) => {
    const password = given ?? (password_file === undefined ? undefined : passwordIn(password_file, read));
    return password === undefined ? [] : [{ username, password }];
  });
}

/** What the secret's file holds now; undefined when there is none, or it holds none that may be used. */
export function turnSecretIn({ secret_file }: TurnConfig, read: ReadSecret): string | undefined {
  const secret = secret_file === undefined ? undefined : read(secret_file)?.trim();
  return secret === undefined || secret.length < MIN_SECRET ? undefined : secret;
}

/** The files of `turn`, to be watched. */
export function turnFiles({ secret_file, users }: TurnConfig): string[] {
  const files = [secret_file, ...users.map(({ password_file }) => password_file)];
  return files.filter((file) => file !== undefined);
}

function passwordIn(file: string, read: ReadSecret): string | undefined {
  const password = read(file)?.trim();
  return password === undefined || password.length < MIN_PASSWORD ? undefined : password;
}
