import { create } from 'qrcode';
import { useMemo } from 'react';

/** A QR code as one path, black on white in both themes: cameras read that best. */
export function Qr({
  text,
  label,
  size = 264,
}: {
  readonly text: string;
  readonly label: string;
  readonly size?: number;
}) {
  const { path, side } = useMemo(() => draw(text), [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`-3 -3 ${side + 6} ${side + 6}`}
      width={size}
      height={size}
      shapeRendering="crispEdges"
      className="qr"
    >
      <rect x={-3} y={-3} width={side + 6} height={side + 6} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function draw(text: string): { path: string; side: number } {
  const { modules } = create(text, { errorCorrectionLevel: 'L' });
  const side = modules.size;
  let path = '';
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) if (modules.get(y, x)) path += `M${x} ${y}h1v1h-1z`;
  return { path, side };
}
