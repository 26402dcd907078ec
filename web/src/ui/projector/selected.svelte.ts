// SPDX-License-Identifier: Apache-2.0
// Which points are selected, and the correspondence of draw positions and rows behind it.

import { combine, invertOrder, positionsOf, rowsOf, type SelectMode } from './selection';
import type { Stage } from './stage';

const NOTHING = new Uint32Array(0);

export class Selected {
  /** Position -> row. */
  order = $state.raw<Uint32Array>(NOTHING);
  /** Ascending. */
  positions = $state.raw<Uint32Array>(NOTHING);
  /** The point on the card. */
  focus = $state<number | null>(null);
  #inverse: Uint32Array = NOTHING;

  constructor(readonly stage: Stage) {}

  /** Ascending. */
  get rows(): Uint32Array {
    return rowsOf(this.positions, this.order);
  }

  /** Another dataset: the same rows stay selected, and the same one on the card. */
  setOrder(order: Uint32Array, rows: Uint32Array): void {
    const row = this.focus === null ? null : (this.order[this.focus] ?? null);
    this.order = order;
    this.#inverse = invertOrder(order);
    this.focus = row === null ? null : (this.#inverse[row] ?? null);
    this.setRows(rows);
  }

  setRows(rows: Uint32Array): void {
    this.#set(positionsOf(rows, this.#inverse));
  }

  select(positions: Uint32Array, mode: SelectMode): void {
    this.#set(combine(this.positions, positions, mode));
  }

  #set(positions: Uint32Array): void {
    this.positions = positions;
    this.stage.setSelection(positions);
    const stays = this.focus !== null && positions.includes(this.focus);
    if (!stays) this.focus = positions.length === 1 ? (positions[0] ?? null) : null;
  }
}
