// SPDX-License-Identifier: Apache-2.0
// From the look a person sets to the style a tier draws.

import type { Style } from '../gl/tier';
import type { Size } from './camera';
import type { Look, Theme } from './types';

export const BACKGROUND: Record<Theme, readonly [number, number, number]> = {
  dark: [11, 14, 20],
  light: [251, 251, 250],
};
const OUTLINE: Record<Theme, readonly [number, number, number]> = {
  dark: [255, 255, 255],
  light: [20, 24, 32],
};

export function startLook(theme: Theme): Look {
  return {
    pointSize: 1,
    opacity: 0.95,
    images: false,
    imageSize: 28,
    tint: false,
    labels: false,
    axes: true,
    covered: 0,
    theme,
  };
}

/** Beside images, dots only hint at the crowd. */
const DOT_BESIDE_IMAGES = 0.7;

/** CSS px of a dot: falls with the logarithm of n (14 for four, 4 for 70,000, 2.6 for a million). */
export function dotDiameter(n: number, size: Size): number {
  const room = Math.min(1.15, Math.max(0.75, Math.sqrt(Math.min(size.width, size.height) / 800)));
  return Math.max(1, 18 * Math.exp(-0.32 * Math.log10(Math.max(2, n))) * room);
}

/** size in CSS px. */
export function styleOf(look: Look, n: number, size: Size, pixelRatio: number): Style {
  return {
    diameter:
      dotDiameter(n, size) * look.pointSize * pixelRatio * (look.images ? DOT_BESIDE_IMAGES : 1),
    opacity: look.opacity,
    background: BACKGROUND[look.theme],
    outline: OUTLINE[look.theme],
    images: look.images,
    imageSize: look.imageSize * pixelRatio,
    tint: look.tint,
    pixelRatio,
  };
}

/** Every slot in one calm blue, until colours are set. */
export function startPalette(): Uint8Array {
  const palette = new Uint8Array(1024);
  for (let slot = 0; slot < 256; slot++) palette.set([122, 162, 255, 255], slot * 4);
  return palette;
}
