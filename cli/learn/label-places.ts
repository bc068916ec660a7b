/** A name beside a dot, by the dot's place in the chart's units from its upper left corner. */
export interface Label {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** A label with the height at which it stands, and the side of its dot. */
export interface PlacedLabel extends Label {
  readonly side: 'right' | 'left';
}

/** What 11 points take in a chart's units. */
const LINE = 13;
const CHARACTER = 6.2;
/** Between a dot's middle and its name. */
export const LABEL_GAP = 9;

/**
 * Where names stand without lying on one another: from the top down, each as near to its dot as those above leave it; to the
 * left of its dot where there is no room to the right.
 */
export function labelPlaces<Item extends Label>(
  labels: readonly Item[],
  right: number,
): (Item & PlacedLabel)[] {
  const placed: { from: number; to: number; y: number }[] = [];
  return [...labels]
    .sort((a, b) => a.y - b.y)
    .map((label) => {
      const width = LABEL_GAP + CHARACTER * label.name.length;
      const side = label.x + width > right ? 'left' : 'right';
      const from = side === 'left' ? label.x - width : label.x;
      let y = label.y;
      for (const other of placed) {
        if (other.from < from + width && from < other.to && Math.abs(other.y - y) < LINE) y = other.y + LINE;
      }
      placed.push({ from, to: from + width, y });
      placed.sort((a, b) => a.y - b.y);
      return { ...label, y, side };
    });
}
