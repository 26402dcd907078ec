// SPDX-License-Identifier: Apache-2.0
// What the scene has been told. The model speaks to the stage at any time; a scene that comes
// later,
// or anew after a lost one, is told everything again.

import {
  categoryTable,
  rampSlots,
  rampTable,
  slotsOfCodes,
  uniformSlots,
  type ColourTheme,
} from '../../data/colour';
import type { CameraState, Look, Motion, Scene, SpriteAtlas } from '../../scene/scene';
import type { ColumnData } from './entry_source';
import { visibleMask, type LegendFilter } from './legend';

export type Colouring =
  | { kind: 'uniform' }
  | { kind: 'classes'; column: number; data: ColumnData; slotOfCode: Uint8Array }
  | { kind: 'ramp'; column: number; numbers: Float32Array; min: number; max: number };

export interface Points {
  order: Uint32Array;
  x: Float32Array;
  y: Float32Array;
  z: Float32Array | null;
}

export class Stage {
  scene: Scene | null = null;
  #points: Points | null = null;
  #colouring: Colouring = { kind: 'uniform' };
  #theme: ColourTheme = 'dark';
  #filter: LegendFilter | null = null;
  #selection: Uint32Array | null = null;
  #sprite: SpriteAtlas | null = null;
  #look: Partial<Look> = {};
  #mode: '2d' | '3d' = '3d';
  #text: ((position: number) => string) | null = null;

  async attach(scene: Scene, camera: CameraState | null): Promise<void> {
    this.scene = scene;
    scene.setLook(this.#look);
    scene.setMode(this.#mode);
    if (camera !== null) scene.setCamera(camera);
    scene.setLabelText(this.#text);
    if (this.#points === null) return;
    this.setPoints(this.#points, false);
    this.#paint();
    scene.setSelection(this.#selection);
    if (this.#sprite !== null) await scene.setSprites(this.#sprite);
  }

  setLook(look: Partial<Look>): void {
    this.#look = { ...this.#look, ...look };
    this.scene?.setLook(look);
  }

  setMode(mode: '2d' | '3d'): void {
    this.#mode = mode;
    this.scene?.setMode(mode);
  }

  setLabelText(text: ((position: number) => string) | null): void {
    this.#text = text;
    this.scene?.setLabelText(text);
  }

  /** Another dataset: nothing said per position before holds any longer. */
  clear(): void {
    this.#colouring = { kind: 'uniform' };
    this.#selection = null;
    this.scene?.setSelection(null);
    this.scene?.setVisible(null);
  }

  setPoints(points: Points, animate: boolean): void {
    this.#points = points;
    this.scene?.setOrder(points.order);
    this.scene?.setPositions(points.x, points.y, points.z, animate);
  }

  /** The same points a step further in a layout in the making. */
  flow(points: Points, motion: Motion): void {
    this.#points = points;
    this.scene?.flowTo(points.x, points.y, points.z, motion);
  }

  setColours(colouring: Colouring, theme: ColourTheme, filter: LegendFilter): void {
    this.#colouring = colouring;
    this.#theme = theme;
    this.#filter = filter;
    this.#paint();
  }

  #paint(): void {
    const n = this.#points?.order.length ?? 0;
    const colouring = this.#colouring;
    if (this.scene === null || n === 0) return;
    if (colouring.kind === 'ramp') {
      const { numbers, min, max } = colouring;
      this.scene.setColours(rampSlots(numbers, min, max), rampTable(this.#theme));
    } else {
      const slots =
        colouring.kind === 'classes'
          ? slotsOfCodes(colouring.data.codes, colouring.slotOfCode)
          : uniformSlots(n);
      this.scene.setColours(slots, categoryTable(this.#theme));
    }
    this.#sift();
  }

  setFilter(filter: LegendFilter): void {
    this.#filter = filter;
    this.#sift();
  }

  #sift(): void {
    const data = this.#colouring.kind === 'classes' ? this.#colouring.data : null;
    const mask =
      data === null || this.#filter === null
        ? null
        : visibleMask(data.codes, data.values, this.#filter);
    this.scene?.setVisible(mask);
  }

  setSelection(selection: Uint32Array): void {
    this.#selection = selection.length > 0 ? selection : null;
    this.scene?.setSelection(this.#selection);
  }

  async setSprite(sprite: SpriteAtlas | null): Promise<void> {
    this.#sprite = sprite;
    await this.scene?.setSprites(sprite);
  }

  destroy(): void {
    this.scene?.destroy();
    this.scene = null;
  }
}
