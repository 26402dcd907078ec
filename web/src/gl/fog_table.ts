// SPDX-License-Identifier: Apache-2.0
// Colours as seen through fog: one table for the CPU tier; the GL tier does the same sum in its shader.

/** Share of the background mixed into the farthest points. */
export const FOG = 0.62;
/** Share of the depth, from the front, that is clear. */
export const FOG_CLEAR = 0.3;
/** Share of the background mixed into points outside a selection. */
export const DIM = 0.74;
export const FOG_LEVELS = 32;
const KINDS = 4;

/** 4 kinds (normal, dimmed, selected, outline) x 32 levels x 256 slots, each 0xAABBGGRR. */
export function fogTable(
  palette: Uint8Array,
  background: readonly [number, number, number],
  outline: readonly [number, number, number],
  opacity: number,
  flat: boolean,
): Uint32Array {
  const table = new Uint32Array(KINDS * FOG_LEVELS * 256);
  for (let level = 0; level < FOG_LEVELS; level++) {
    const far = Math.max(0, level / (FOG_LEVELS - 1) - FOG_CLEAR) / (1 - FOG_CLEAR);
    const fog = flat ? 0 : FOG * far;
    for (let slot = 0; slot < 256; slot++) {
      const alpha = (palette[slot * 4 + 3] ?? 255) / 255;
      const shares = [(1 - fog) * opacity, (1 - fog) * opacity * (1 - DIM), 1];
      shares.forEach((share, kind) => {
        table[((kind * FOG_LEVELS + level) << 8) + slot] = mixed(
          palette,
          slot * 4,
          background,
          share * alpha,
        );
      });
      table[((3 * FOG_LEVELS + level) << 8) + slot] = packed(...outline);
    }
  }
  return table;
}

export function packed(r: number, g: number, b: number): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function mixed(
  palette: Uint8Array,
  at: number,
  background: readonly [number, number, number],
  share: number,
): number {
  const channel = (k: 0 | 1 | 2): number =>
    Math.round(background[k] + ((palette[at + k] ?? 0) - background[k]) * share);
  return packed(channel(0), channel(1), channel(2));
}
