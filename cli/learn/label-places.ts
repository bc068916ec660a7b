interface Label {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly marginLeft: number;
  readonly marginRight: number;
  readonly marginTop: number;
  readonly marginBottom: number;
}

/** Of the charts' labels, in their units: about what 11 points take. */
const LINE = 13;
const CHARACTER = 6;
const GAP = 10;

/**
 * Where names stand beside dots without lying on one another: from the top down, each as near to its dot as the ones above
 * leave it. A logarithmic x axis and a linear y axis.
 */
export function labelPlaces(
  labels: readonly Label[],
  domain: { readonly x: readonly [number, number]; readonly y: readonly [number, number] },
  frame: Frame,
): Label[] {
  const across = frame.width - frame.marginLeft - frame.marginRight;
  const down = frame.height - frame.marginTop - frame.marginBottom;
  const [left, right] = domain.x;
  const [bottom, top] = domain.y;
  const leftOf = (x: number): number => (across * Math.log(x / left)) / Math.log(right / left) + GAP;
  const downOf = (y: number): number => (down * (top - y)) / (top - bottom);
  const placed: { from: number; to: number; at: number }[] = [];
  return [...labels]
    .sort((a, b) => b.y - a.y)
    .map(({ name, x, y }) => {
      const from = leftOf(x);
      const to = from + CHARACTER * name.length;
      let at = downOf(y);
      for (const other of placed) {
        if (other.from < to && from < other.to && Math.abs(other.at - at) < LINE) at = other.at + LINE;
      }
      placed.push({ from, to, at });
      placed.sort((a, b) => a.at - b.at);
      return { name, x, y: top - (at * (top - bottom)) / down };
    });
}
