// SPDX-License-Identifier: Apache-2.0
// Where labels go: greedily, most important first, never over one another.

export interface LabelWish {
  position: number;
  /** Centre of the point or image, and how far its edge is from there. CSS px. */
  x: number;
  y: number;
  clear: number;
  /** Width of the text. */
  width: number;
  /** Hovered and selected points: shown even over others when no free place is left. */
  always: boolean;
}

export interface PlacedLabel {
  position: number;
  left: number;
  top: number;
  width: number;
  height: number;
  always: boolean;
}

const GAP = 4;
const PADDING = 2;

/** wishes: most important first. Places right of the point, else left, below, above. */
export function placeLabels(
  wishes: readonly LabelWish[],
  size: { width: number; height: number },
  height: number,
): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  for (const wish of wishes) {
    const spots = spotsFor(wish, height);
    const free = spots.find(
      (spot) => within(spot, size) && !placed.some((other) => overlap(spot, other)),
    );
    // Only the first of the important ones may insist: two labels on one place can be read by nobody.
    const insists = wish.always && placed.length === 0;
    const spot = free ?? (insists ? pushedInside(spots[0], size) : undefined);
    if (spot !== undefined) placed.push(spot);
  }
  return placed;
}

function spotsFor(wish: LabelWish, height: number): PlacedLabel[] {
  const { position, x, y, width, always } = wish;
  const away = wish.clear + GAP;
  const corners: [number, number][] = [
    [x + away, y - height / 2],
    [x - away - width, y - height / 2],
    [x - width / 2, y + away - 1],
    [x - width / 2, y - away - height + 1],
  ];
  // Others keep to one side, so that a crowd of labels reads like a table.
  const few = always ? corners : corners.slice(0, 1);
  return few.map(([left, top]) => ({ position, left, top, width, height, always }));
}

/** As much of it in view as fits, its beginning first. */
function pushedInside(
  label: PlacedLabel | undefined,
  size: { width: number; height: number },
): PlacedLabel | undefined {
  if (label === undefined) return undefined;
  const left = Math.max(2, Math.min(label.left, size.width - 2 - label.width));
  const top = Math.max(2, Math.min(label.top, size.height - 2 - label.height));
  return { ...label, left, top };
}

function within(label: PlacedLabel, size: { width: number; height: number }): boolean {
  return (
    label.left >= 2 &&
    label.top >= 2 &&
    label.left + label.width <= size.width - 2 &&
    label.top + label.height <= size.height - 2
  );
}

export function overlap(a: PlacedLabel, b: PlacedLabel): boolean {
  return (
    a.left < b.left + b.width + PADDING &&
    b.left < a.left + a.width + PADDING &&
    a.top < b.top + b.height + PADDING &&
    b.top < a.top + a.height + PADDING
  );
}
