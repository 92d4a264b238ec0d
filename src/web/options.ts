/** What the page's address asks for. */
export interface PageOptions {
  readonly room: string;
  readonly name: string;
  /** A ready token: no other is asked for, and it says who and where. */
  readonly token: string;
  readonly relay: boolean;
  readonly raw: boolean;
  /** Join without a click. */
  readonly autojoin: boolean;
  /** Test the connection without a click. */
  readonly netcheck: boolean;
}

/** Reads `?room=&name=&token=&relay=1&raw=1&autojoin=1&netcheck=1`; a name used before is remembered. */
export function readOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  return {
    room: query.get('room') ?? '',
    name: query.get('name') ?? remembered(),
    token: query.get('token') ?? '',
    relay: query.get('relay') === '1',
    raw: query.get('raw') === '1',
    autojoin: query.get('autojoin') === '1',
    netcheck: query.get('netcheck') === '1',
  };
}

const KEY = 'trunkroom.name';

export function remember(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Storage may be forbidden: then the name is typed again.
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
