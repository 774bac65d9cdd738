/** A straight line through points (least squares): how fast `y` grows for each `x`, and how far from it the truth may lie (95 %). */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): {
  readonly slope: number;
  readonly plusMinus: number;
} {
  const n = points.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  if (n < 3 || spread === 0) return { slope: 0, plusMinus: Number.POSITIVE_INFINITY };
  const slope = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
  const missed = points.reduce((sum, point) => sum + (point.y - y - slope * (point.x - x)) ** 2, 0);
  return { slope, plusMinus: 2 * Math.sqrt(missed / (n - 2) / spread) };
}
