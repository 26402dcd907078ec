// SPDX-License-Identifier: Apache-2.0
import type {
  Axis,
  CameraState,
  Look,
  RendererKind,
  SceneEvents,
  SceneOptions,
  SpriteAtlas,
  Tool,
} from './types';

export type * from './types';

const later = (): never => {
  throw new Error('The scene is not there yet.');
};

/** The picture of all points: owns its canvases, listeners and drawing tier until destroy(). */
export class Scene {
  /** Calibrates, picks the drawing tier, appends its canvases to the host and observes its size. */
  static create(_options: SceneOptions): Promise<Scene> {
    return later();
  }
  get renderer(): RendererKind {
    return later();
  }
  /** Draw position -> row (which is the sprite's tile). */
  setOrder(_order: Uint32Array): void {
    later();
  }
  /** One value per draw position; NaN = not drawn; z null = 2-D. animate: glides from the old places. */
  setPositions(
    _x: Float32Array,
    _y: Float32Array,
    _z: Float32Array | null,
    _animate?: boolean,
  ): void {
    later();
  }
  /** slots: one per position; palette: 256 x RGBA. */
  setColours(_slots: Uint8Array, _palette: Uint8Array): void {
    later();
  }
  /** 0 = hidden. */
  setVisible(_mask: Uint8Array | null): void {
    later();
  }
  setSelection(_positions: Uint32Array | null): void {
    later();
  }
  setHover(_position: number | null): void {
    later();
  }
  setSprites(_atlas: SpriteAtlas | null): Promise<void> {
    return later();
  }
  setLook(_look: Partial<Look>): void {
    later();
  }
  setLabelText(_text: ((position: number) => string) | null): void {
    later();
  }
  setTool(_tool: Tool): void {
    later();
  }
  camera(): CameraState {
    return later();
  }
  setCamera(_camera: CameraState, _animate?: boolean): void {
    later();
  }
  setMode(_mode: '2d' | '3d'): void {
    later();
  }
  fit(_positions?: Uint32Array): void {
    later();
  }
  lookAlong(_axis: Axis, _negative?: boolean): void {
    later();
  }
  screenPosition(_position: number): { x: number; y: number; visible: boolean } {
    return later();
  }
  pick(_x: number, _y: number): number | null {
    return later();
  }
  snapshot(): Promise<Blob> {
    return later();
  }
  /** Returns a function that stops listening. */
  on<K extends keyof SceneEvents>(
    _name: K,
    _listener: (event: SceneEvents[K]) => void,
  ): () => void {
    return later();
  }
  destroy(): void {
    later();
  }
}
