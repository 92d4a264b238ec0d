/** How things are closed, in the order of their opening. */
export type Closing = (() => Promise<void> | void)[];

/** Closes them, the last one first. What fails is told and keeps nothing else open. Each is closed once, whoever asks. */
export async function closeAll(closing: Closing, onFault: (error: unknown) => void): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      onFault(error);
    }
  }
}
