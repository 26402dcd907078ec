// SPDX-License-Identifier: Apache-2.0
// One moment of a layout in the making, as it travels: a little-endian header of 32 bytes, then for
// the 16-bit encoding a low and a high per component, then the components one after the other in
// draw order. What is read here are whole columns; nothing is made per point.

/** 'OFRM' */
const MAGIC = 0x4d52464f;
const VERSION = 1;
const HEAD_BYTES = 32;
/** The 16-bit value of a row that has no place. */
const ABSENT = 0xffff;
const HIGHEST = 0xfffe;

export interface FrameHead {
  encoding: 'float32' | 'uint16';
  nComponents: number;
  nRows: number;
  iteration: number;
  nIterations: number;
  /** Counts the frames of one computation. */
  sequence: number;
}

/** Throws an Error with one sentence if these bytes are not one whole frame. */
export function readHead(bytes: ArrayBuffer): FrameHead {
  if (bytes.byteLength < HEAD_BYTES) throw new Error('A frame of the layout broke off.');
  const view = new DataView(bytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== VERSION) {
    throw new Error('The layout came in a form this page does not know; reload it.');
  }
  const encoding = view.getUint8(6) === 1 ? 'uint16' : 'float32';
  const nComponents = view.getUint8(7);
  const nRows = view.getUint32(8, true);
  const cell = encoding === 'uint16' ? 2 : 4;
  const ranges = encoding === 'uint16' ? 8 * nComponents : 0;
  const length = HEAD_BYTES + ranges + cell * nComponents * nRows;
  if (nComponents < 1 || nComponents > 3 || bytes.byteLength !== length) {
    throw new Error(
      `A frame of ${nRows} points came with ${bytes.byteLength} bytes in place of ${length}.`,
    );
  }
  return {
    encoding,
    nComponents,
    nRows,
    iteration: view.getUint32(12, true),
    nIterations: view.getUint32(16, true),
    sequence: view.getUint32(20, true),
  };
}

/** One column per component; NaN where a row has no place. float32 columns are views of `bytes`. */
export function readColumns(bytes: ArrayBuffer, head: FrameHead): Float32Array[] {
  const { encoding, nComponents, nRows } = head;
  const components = Array.from({ length: nComponents }, (_, k) => k);
  if (encoding === 'float32') {
    return components.map((k) => new Float32Array(bytes, HEAD_BYTES + 4 * nRows * k, nRows));
  }
  const ranges = new Float32Array(bytes, HEAD_BYTES, 2 * nComponents);
  const start = HEAD_BYTES + 8 * nComponents;
  return components.map((k) => {
    const cells = new Uint16Array(bytes, start + 2 * nRows * k, nRows);
    return widened(cells, ranges[2 * k] as number, ranges[2 * k + 1] as number);
  });
}

function widened(cells: Uint16Array, low: number, high: number): Float32Array {
  const n = cells.length;
  const out = new Float32Array(n);
  const step = (high - low) / HIGHEST;
  for (let i = 0; i < n; i++) {
    const cell = cells[i] as number;
    out[i] = cell === ABSENT ? NaN : low + step * cell;
  }
  return out;
}
