// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { Governor } from './governor';
import { ROWS_PER_STEP } from './tier';

describe('governor', () => {
  it('settles at a number of rows whose frames fit the budget', () => {
    const governor = new Governor(10, 20e-6);
    const n = 5_000_000;
    let rows = 0;
    for (let frame = 0; frame < 60; frame++) {
      rows = governor.rows(n);
      governor.learn(rows, 3, rows * 8e-6);
    }
    expect(3 + rows * 8e-6).toBeLessThan(10.5);
    expect(3 + rows * 8e-6).toBeGreaterThan(8);
    expect(rows % ROWS_PER_STEP).toBe(0);
  });

  it('draws everything when that fits', () => {
    const governor = new Governor(10, 20e-6);
    governor.learn(70_000, 3, 1.4);
    expect(governor.rows(70_000)).toBe(70_000);
  });

  it('recovers from one absurdly slow frame', () => {
    const governor = new Governor(10, 20e-6);
    governor.learn(100_000, 2, 1);
    governor.learn(100_000, 500, 900);
    for (let frame = 0; frame < 60; frame++) {
      const rows = governor.rows(1_000_000);
      governor.learn(rows, 2, rows * 1e-5);
    }
    expect(governor.rows(1_000_000)).toBeGreaterThan(400_000);
  });
});
