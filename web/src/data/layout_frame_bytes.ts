// SPDX-License-Identifier: Apache-2.0
// Writes frames of a layout, for tests and for sources that compute in the page. The server's own
// writer and this one keep the same promise (layout_frame.ts).

import type { FrameHead } from './layout_frame';

export function frameBytes(
  encoding: FrameHead['encoding'],
  columns: readonly Float32Array[],
  head: Pick<FrameHead, 'iteration' | 'nIterations' | 'sequence'>,
): ArrayBuffer {
  const n = columns[0]?.length ?? 0;
  const wide = encoding === 'float32';
  const start = 32 + (wide ? 0 : 8 * columns.length);
  const bytes = new ArrayBuffer(start + (wide ? 4 : 2) * n * columns.length);
  const view = new DataView(bytes);
  view.setUint32(0, 0x4d52464f, true);
  view.setUint16(4, 1, true);
  view.setUint8(6, wide ? 0 : 1);
  view.setUint8(7, columns.length);
  const { iteration, nIterations, sequence } = head;
  [n, iteration, nIterations, sequence].forEach((word, k) => view.setUint32(8 + 4 * k, word, true));
  columns.forEach((column, k) => {
    if (wide) {
      new Float32Array(bytes, start + 4 * n * k, n).set(column);
      return;
    }
    let [low, high] = [Infinity, -Infinity];
    for (const value of column) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) [low, high] = [0, 0];
    view.setFloat32(32 + 8 * k, low, true);
    view.setFloat32(36 + 8 * k, high, true);
    const cells = new Uint16Array(bytes, start + 2 * n * k, n);
    const scale = high > low ? 65534 / (high - low) : 0;
    for (let i = 0; i < n; i++) {
      const value = column[i] as number;
      cells[i] = Number.isNaN(value) ? 0xffff : Math.round((value - low) * scale);
    }
  });
  return bytes;
}
