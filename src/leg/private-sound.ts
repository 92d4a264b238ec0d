/** What one phone hears for itself: a prompt, music while it waits, a tone. */
export interface PrivateSound {
  /** What the last {@link pull} wrote: 20 ms at the mix's rate. */
  readonly frame: Int16Array;
  /** Whether the phone hears its room meanwhile. */
  readonly room: 'heard' | 'silenced';
  /** Makes the next 20 ms; false when it is over. */
  pull(): boolean;
}
