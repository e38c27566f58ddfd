// Draws a QR code as SVG: dark on white with a margin of four modules, whatever the page's colours.

import encodeQR from '../vendor/qr/index.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 4;

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// One path of horizontal runs: a tenth of the elements that a rectangle per module would need.
function path(rows) {
  let d = '';
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x += 1;
      d += `M${start} ${y}h${x - start + 1}v1h-${x - start + 1}z`;
    }
  });
  return d;
}

export function drawQr(holder, text, label) {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: MARGIN });
  const side = rows.length;
  const svg = element('svg', {
    viewBox: `0 0 ${side} ${side}`,
    role: 'img',
    'aria-label': label,
    'shape-rendering': 'crispEdges',
  });
  svg.append(
    element('rect', { width: side, height: side, fill: '#fff' }),
    element('path', { d: path(rows), fill: '#000' }),
  );
  holder.replaceChildren(svg);
}
