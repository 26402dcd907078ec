// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the scene: what goes in, what is told, and nothing about how it is drawn.

/** 'gl' = WebGL2; 'cpu' = the splatter of src/raster in a worker. */
export type RendererKind = 'gl' | 'cpu';
export type Theme = 'dark' | 'light';
export type Axis = 'x' | 'y' | 'z';
export type Tool = 'orbit' | 'box';

/** Where one looks from, in unit coordinates (the data's box scaled into -1..1). JSON-able. */
export interface CameraState {
  mode: '2d' | '3d';
  /** The point in the middle of the view. */
  target: [number, number, number];
  /** 3-D: from the eye to the target. */
  distance: number;
  /** 3-D: radians; 0, 0 looks along -z with x to the right and y up. */
  yaw: number;
  pitch: number;
  /** 2-D: 1 shows -1..1 in the shorter side of the view; larger is closer. */
  zoom: number;
}

/** A whole sprite: row r is tile r, left to right, then down. */
export interface SpriteAtlas {
  tileWidth: number;
  tileHeight: number;
  columns: number;
  image: ImageBitmap;
}

export interface SceneOptions {
  /** Canvases are appended here; it gets tabindex 0 and is observed for size. */
  host: HTMLElement;
  renderer?: RendererKind | 'auto';
  theme?: Theme;
  reducedMotion?: boolean;
}

export interface Look {
  /** Diameter factor: 1 = the size chosen for this number of points. */
  pointSize: number;
  /** 0..1. */
  opacity: number;
  images: boolean;
  /** CSS px of a tile's longer side. */
  imageSize: number;
  /** Colour the images by the points' colours. */
  tint: boolean;
  labels: boolean;
  axes: boolean;
  /** CSS px at the lower edge that something else lies over: the axes stand above it. */
  covered: number;
  theme: Theme;
}

/** How a step of a layout in the making is shown. */
export interface Motion {
  /** From the places before to the new ones; 0 = at once. */
  milliseconds: number;
  /** The camera keeps everything in view. */
  follow: boolean;
}

/** "position" is always an index in draw order; x and y are CSS px inside the host. */
export interface SceneEvents {
  hover: { position: number | null; x: number; y: number };
  click: { position: number | null; shift: boolean; alt: boolean };
  camera: CameraState;
  /** drawn: points in the picture shown; complete: every point that can be drawn is. */
  frame: { drawn: number; total: number; complete: boolean; milliseconds: number };
  box: { positions: Uint32Array; shift: boolean; alt: boolean };
  lost: { message: string };
}
