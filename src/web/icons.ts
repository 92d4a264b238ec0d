/** Outlines in a 24 by 24 box, drawn with the text's colour. */
const outlines = {
  microphone: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  microphoneOff:
    'M15 10V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.4 2.6M5.5 11a6.5 6.5 0 0 0 9.8 5.6M18.5 11a6.5 6.5 0 0 1-.6 2.7M12 17.5V21M4 4l16 16',
  handset:
    'M6.6 3.5h2.2l1.6 4.1-2 1.6a12 12 0 0 0 6.4 6.4l1.6-2 4.1 1.6v2.2a2.6 2.6 0 0 1-2.8 2.6A16 16 0 0 1 4 6.3a2.6 2.6 0 0 1 2.6-2.8Z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  leave: 'M4 14.5c4.4-4.7 11.6-4.7 16 0l-1.9 2.6-3.6-1.5v-2.3a10 10 0 0 0-5 0v2.3l-3.6 1.5L4 14.5Z',
} as const;

/** A decorative icon: the words beside it say what it means. */
export function icon(name: keyof typeof outlines): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('fill', 'none');
  svg.setAttribute('stroke', 'currentColor');
  svg.setAttribute('stroke-width', '2');
  svg.setAttribute('stroke-linecap', 'round');
  svg.setAttribute('stroke-linejoin', 'round');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', outlines[name]);
  svg.append(path);
  return svg;
}
