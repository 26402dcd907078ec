// SPDX-License-Identifier: Apache-2.0
// How many rows fit into a frame: cost = base + perRow * rows, both learned from the frames drawn.

import { ROWS_PER_STEP } from './tier';

/** Weight of the past in the running mean. */
const MEMORY = 0.85;
const FLOOR_ROWS = 2 * ROWS_PER_STEP;

export class Governor {
  private base: number;
  private perRow: number;
  private known = false;

  /** budget: milliseconds a moving frame may cost. */
  constructor(
    private readonly budget: number,
    perRowGuess: number,
  ) {
    this.base = budget / 4;
    this.perRow = perRowGuess;
  }

  /** Rows of n to draw while moving. A multiple of ROWS_PER_STEP, or n. */
  rows(n: number): number {
    const fit = Math.max(FLOOR_ROWS, (this.budget - this.base) / this.perRow);
    return fit >= n ? n : Math.floor(fit / ROWS_PER_STEP) * ROWS_PER_STEP;
  }

  /** Rows that fit into `milliseconds` at rest, where the fixed cost is paid once. */
  slice(milliseconds: number): number {
    const fit = Math.max(FLOOR_ROWS, milliseconds / this.perRow);
    return Math.ceil(fit / ROWS_PER_STEP) * ROWS_PER_STEP;
  }

  /** The measured cost of a frame: milliseconds apart from the rows, and for the rows. */
  learn(rows: number, fixed: number, variable: number): void {
    const keep = this.known ? MEMORY : 0;
    this.base = Math.min(keep * this.base + (1 - keep) * fixed, this.budget * 0.75);
    if (rows >= ROWS_PER_STEP) {
      this.perRow = Math.max(1e-7, keep * this.perRow + ((1 - keep) * variable) / rows);
      this.known = true;
    }
  }
}
