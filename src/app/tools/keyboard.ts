/** What a key of the keyboard means in a call. */
export type KeyAction = { readonly do: 'digit'; readonly digit: string } | { readonly do: 'quit' };

/** `q`, Ctrl-C and Ctrl-D hang up; digits, `*`, `#` and `a` … `d` are keyed; the rest means nothing. */
export function keyAction(key: string): KeyAction | undefined {
  if (key === 'q' || key === '\u0003' || key === '\u0004') return { do: 'quit' };
  return /^[0-9*#a-d]$/i.test(key) ? { do: 'digit', digit: key.toUpperCase() } : undefined;
}

/** Hands each key to `act` at once, without Enter; on a pipe it reads none. Returns what gives the terminal back. */
export function listenToKeys(act: (action: KeyAction) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  const onData = (text: Buffer) => {
    for (const key of text.toString('latin1')) {
      const action = keyAction(key);
      if (action !== undefined) act(action);
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
