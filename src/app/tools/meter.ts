const PARTS = ' ▏▎▍▌▋▊▉';
const QUIETEST_DB = -54;

/** A bar of `width` characters for a level in dB of full scale: empty at -54 and below, full at 0. */
export function levelBar(db: number, width: number): string {
  const share = Math.max(0, Math.min(1, 1 - db / QUIETEST_DB));
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = full < width ? PARTS[eighths % 8]! : '';
  return ('█'.repeat(full) + part).padEnd(width);
}

/** `1:05`. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The value below which `share` (0 … 1) of `values` lie: nearest rank; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
