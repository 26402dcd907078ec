// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readColumns, readHead } from './layout_frame';
import { frameBytes } from './layout_frame_bytes';

const HEAD = { iteration: 130, nIterations: 200, sequence: 7 };

describe('a frame of a layout', () => {
  it('is read back as it was written, in 32 bits to the bit', () => {
    const columns = [Float32Array.of(1.5, -2.25, NaN), Float32Array.of(0, 1e-30, NaN)];
    const bytes = frameBytes('float32', columns, HEAD);
    const head = readHead(bytes);
    expect(head).toEqual({ encoding: 'float32', nComponents: 2, nRows: 3, ...HEAD });
    expect(readColumns(bytes, head)).toEqual(columns);
  });

  it('is off by at most half a step of its range in 16 bits, and its ends are exact', () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 40);
    const y = Float32Array.from({ length: 1000 }, (_, i) => i * 1e-4);
    const z = Float32Array.from({ length: 1000 }, (_, i) => (i === 5 ? NaN : -i));
    const bytes = frameBytes('uint16', [x, y, z], HEAD);
    const head = readHead(bytes);
    expect(head).toMatchObject({ encoding: 'uint16', nComponents: 3, nRows: 1000 });
    readColumns(bytes, head).forEach((column, k) => {
      const from = [x, y, z][k] as Float32Array;
      const finite = [...from].filter((value) => !Number.isNaN(value));
      const [low, high] = [Math.min(...finite), Math.max(...finite)];
      const half = ((high - low) / 65534 / 2) * 1.01;
      column.forEach((value, i) => {
        if (Number.isNaN(from[i])) expect(value).toBeNaN();
        else expect(Math.abs(value - (from[i] as number))).toBeLessThanOrEqual(half);
      });
      expect(Math.min(...[...column].filter((value) => !Number.isNaN(value)))).toBe(low);
    });
  });

  it('of points that all lie in one place has them there', () => {
    const bytes = frameBytes('uint16', [Float32Array.of(3, 3), Float32Array.of(-1, -1)], HEAD);
    expect(readColumns(bytes, readHead(bytes))).toEqual([
      Float32Array.of(3, 3),
      Float32Array.of(-1, -1),
    ]);
  });

  it('is refused when it is cut, too long, of another form or of no layout', () => {
    const whole = frameBytes('uint16', [Float32Array.of(1, 2), Float32Array.of(1, 2)], HEAD);
    const longer = new ArrayBuffer(whole.byteLength + 2);
    new Uint8Array(longer).set(new Uint8Array(whole));
    const changed = (at: number, value: number): ArrayBuffer => {
      const copy = whole.slice(0);
      new Uint8Array(copy)[at] = value;
      return copy;
    };
    for (const bytes of [
      new ArrayBuffer(0),
      whole.slice(0, 31),
      whole.slice(0, -1),
      longer,
      changed(0, 0),
      changed(4, 2),
      changed(7, 0),
      changed(7, 4),
      changed(8, 3),
    ]) {
      expect(() => readHead(bytes)).toThrow(/layout|frame/);
    }
  });

  it('of a million points is read in whole columns', () => {
    const n = 1_000_000;
    const x = Float32Array.from({ length: n }, (_, i) => i);
    const bytes = frameBytes('uint16', [x, x], HEAD);
    const columns = readColumns(bytes, readHead(bytes));
    expect(columns.map((column) => column.length)).toEqual([n, n]);
    expect(columns[0]?.[n - 1]).toBe(n - 1);
  });
});
