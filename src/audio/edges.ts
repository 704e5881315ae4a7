// Edge fades for a clip that is played as it is: a few milliseconds up at its beginning and down at its end,
// so that a recording which starts or stops in the middle of a wave does not click.

/**
 * Shapes `block[offset, offset + length)`, which holds the samples from `position` on of a clip of `total` samples
 * that began to play at `start`.
 */
export function shapeEdges(
  block: Float32Array,
  offset: number,
  length: number,
  position: number,
  { start, total, edge }: { start: number; total: number; edge: number },
): void {
  if (position < start + edge || position + length > total - edge) {
    for (let i = 0; i < length; i++) {
      const toEdge = Math.min(position + i - start, total - 1 - position - i);
      if (toEdge < edge) block[offset + i]! *= 0.5 - 0.5 * Math.cos((Math.PI * (toEdge + 0.5)) / edge);
    }
  }
}
