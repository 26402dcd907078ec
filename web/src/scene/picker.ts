// SPDX-License-Identifier: Apache-2.0
// Picking for a scene that may show images: knows which points are images in the view at hand.

import { SpriteChooser, imageSizeAt, type Chosen } from '../gl/sprite_chooser';
import type { Style, View } from '../gl/tier';
import { PICK_RADIUS, diameterAt, pick } from './picking';
import type { Points } from './points';
import type { SpriteAtlas } from './types';

export class Picker {
  tiles: Uint32Array = new Uint32Array(0);
  atlas: SpriteAtlas | null = null;
  private readonly chooser = new SpriteChooser();
  private chosen: Chosen | null = null;
  private chosenFor = '';
  private chosenStates: Uint8Array | null = null;

  /** Tiles in the sprite, counting the places after the last image too. */
  get tileCount(): number {
    const { atlas } = this;
    return atlas === null ? 0 : atlas.columns * Math.floor(atlas.image.height / atlas.tileHeight);
  }

  /** The points moved: what is an image now has to be found out anew. */
  forget(): void {
    this.chosenFor = '';
  }

  /** view and style in CSS px. */
  pick(points: Points, view: View, style: Style, x: number, y: number): number | null {
    const { columns, states } = points;
    return pick(
      {
        columns,
        states,
        view,
        diameter: style.diameter,
        radius: PICK_RADIUS,
        images: this.images(points, view, style),
        aspect: this.aspect,
      },
      x,
      y,
    );
  }

  /** What is drawn at a position: a disc (width 0) or an image. CSS px. */
  extent(
    points: Points,
    view: View,
    style: Style,
    position: number,
    w: number,
  ): { radius: number; width: number; height: number } {
    const images = this.images(points, view, style);
    const radius = diameterAt(view, style.diameter, w) / 2;
    if (images === null) return { radius, width: 0, height: 0 };
    const shown = images.positions.subarray(0, images.count).includes(position);
    if (!shown) return { radius, width: 0, height: 0 };
    const size = imageSizeAt(view, style.imageSize, w);
    return {
      radius,
      width: this.aspect >= 1 ? size : size * this.aspect,
      height: this.aspect >= 1 ? size / this.aspect : size,
    };
  }

  private get aspect(): number {
    return this.atlas === null ? 1 : this.atlas.tileWidth / this.atlas.tileHeight;
  }

  /** The choice the tier made, made again only when view, size or points changed. */
  private images(points: Points, view: View, style: Style): Chosen | null {
    if (!style.images || this.atlas === null || this.tiles.length < points.n) return null;
    const key = `${view.rows.join()},${view.width},${view.height},${style.imageSize}`;
    if (key !== this.chosenFor || this.chosenStates !== points.states) {
      this.chosenFor = key;
      this.chosenStates = points.states;
      const { columns, states, n } = points;
      this.chosen = this.chooser.choose(
        columns,
        states,
        this.tiles,
        this.tileCount,
        n,
        view,
        style,
      );
    }
    return this.chosen;
  }
}
