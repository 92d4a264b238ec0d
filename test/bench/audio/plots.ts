/** Plots as SVG text: bars in groups, and lines over time. Nothing in them depends on the machine. */

const WIDTH = 860;
const HEIGHT = 340;
const LEFT = 60;
const TOP = 50;
const BOTTOM = 60;
const COLOURS = ['#2b6cb0', '#38a169', '#d69e2e', '#c53030'];

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly label: string;
}

/** Bars: one group for each of `groups`, one bar in it for each of `series`. */
export function bars(
  title: string,
  axis: Axis,
  groups: readonly string[],
  series: readonly { readonly name: string; readonly values: readonly number[] }[],
): string {
  const wide = (WIDTH - LEFT - 20) / groups.length;
  const bar = (wide * 0.8) / series.length;
  const marks = series.flatMap(({ values }, s) =>
    values.map((value, g) => {
      const y = place(value, axis);
      const x = LEFT + g * wide + wide * 0.1 + s * bar;
      return rectangle(x, y, bar - 1, HEIGHT - BOTTOM - y, COLOURS[s]!);
    }),
  );
  const names = groups.map((name, g) => text(LEFT + (g + 0.5) * wide, HEIGHT - BOTTOM + 16, name, 'middle'));
  return frame(
    title,
    axis,
    [...marks, ...names],
    series.map(({ name }) => name),
  );
}

/** Lines over time, seconds from 0. */
export function lines(
  title: string,
  axis: Axis,
  seconds: number,
  series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[],
): string {
  const x = (at: number) => LEFT + (at / seconds) * (WIDTH - LEFT - 20);
  const paths = series.map(({ points }, s) => {
    const path = points
      .map(([at, value]) => `${x(at).toFixed(1)},${place(value, axis).toFixed(1)}`)
      .join(' ');
    return `<polyline points="${path}" fill="none" stroke="${COLOURS[s]}" stroke-width="2"/>`;
  });
  const ticks = Array.from({ length: Math.floor(seconds / 5) + 1 }, (_, i) =>
    text(x(i * 5), HEIGHT - BOTTOM + 16, `${i * 5} s`, 'middle'),
  );
  return frame(
    title,
    axis,
    [...paths, ...ticks],
    series.map(({ name }) => name),
  );
}

function place(value: number, { from, to }: Axis): number {
  const share = (Math.min(to, Math.max(from, value)) - from) / (to - from);
  return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
}

function frame(title: string, axis: Axis, inside: readonly string[], names: readonly string[]): string {
  const grid: string[] = [];
  for (let i = 0; axis.from + i * axis.step <= axis.to + 1e-9; i++) {
    const value = axis.from + i * axis.step;
    const y = place(value, axis);
    grid.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y}" y2="${y}" stroke="#ddd"/>`);
    grid.push(text(LEFT - 6, y + 4, String(Math.round(value * 100) / 100), 'end'));
  }
  const legend = names.flatMap((name, i) => {
    const x = LEFT + i * 190;
    return [rectangle(x, HEIGHT - 22, 10, 10, COLOURS[i]!), text(x + 15, HEIGHT - 13, name, 'start')];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="24" font-size="15">${title}</text>`,
    text(LEFT, TOP - 10, axis.label, 'start'),
    ...grid,
    ...inside,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function rectangle(x: number, y: number, width: number, height: number, colour: string): string {
  const [a, b, c, d] = [x, y, width, height].map((value) => value.toFixed(1));
  return `<rect x="${a}" y="${b}" width="${c}" height="${d}" fill="${colour}"/>`;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#333">${words}</text>`;
}
