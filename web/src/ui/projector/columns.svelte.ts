// SPDX-License-Identifier: Apache-2.0
// The columns of the entry on screen: which one colours the points, which one names them.

import {
  ColourBook,
  looksCategorical,
  suggestColourColumn,
  suggestLabelColumn,
} from '../../data/colour';
import { MISSING_CODE, type ColumnInfo } from './api';
import type { ColumnData, EntrySource } from './entry_source';
import type { Colouring } from './stage';
import type { ViewState } from './view_state';

export class Columns {
  colouring = $state.raw<Colouring>({ kind: 'uniform' });
  labels = $state.raw<ColumnData | null>(null);
  /** Every column of the entry, filled when a card first needs it; null = still on its way. */
  all = $state.raw<(ColumnData | null)[]>([]);
  readonly #book = new ColourBook();

  clear(): void {
    this.colouring = { kind: 'uniform' };
    this.labels = null;
    this.all = [];
  }

  /** How the view wants the columns coloured; the data is fetched as needed. */
  async colouringOf(
    source: EntrySource,
    view: ViewState,
    columns: readonly ColumnInfo[],
  ): Promise<Colouring> {
    const column = colourColumnOf(view, columns);
    const info = column === null ? undefined : columns[column];
    if (column === null || info === undefined) return { kind: 'uniform' };
    if (scaleOf(view, info) === 'ramp') {
      const numbers = await source.numbers(column);
      return { kind: 'ramp', column, numbers, min: info.min ?? 0, max: info.max ?? 0 };
    }
    const data = await source.column(column);
    const wanted = view.filter.only ? view.filter.values : undefined;
    const slotOfCode = this.#book.assign(info.name, data.values, wanted);
    return { kind: 'classes', column, data, slotOfCode };
  }

  /** Fetches every column for the card, one after the other; onfail is told of each that fails. */
  async fetchAll(
    source: EntrySource,
    columns: readonly ColumnInfo[],
    onfail: (name: string, thrown: unknown) => void,
  ): Promise<void> {
    const list: (ColumnData | null)[] = columns.map(() => null);
    this.all = list;
    for (const [index, { name }] of columns.entries()) {
      try {
        const data = await source.column(index);
        if (source.signal.aborted) return;
        list[index] = data;
        this.all = [...list];
      } catch (thrown) {
        if (source.signal.aborted) return;
        onfail(name, thrown);
      }
    }
  }
}

/** The value of a point in a column; null when it has none or the column is not there yet. */
export function textAt(data: ColumnData | null, position: number): string | null {
  const code = data?.codes[position] ?? MISSING_CODE;
  return code === MISSING_CODE ? null : (data?.values[code] ?? null);
}

/** The column to colour by, chosen or suggested; null = one colour for all. */
export function colourColumnOf(view: ViewState, columns: readonly ColumnInfo[]): number | null {
  if (view.colour === '') return null;
  const at = columns.findIndex((column) => column.name === view.colour);
  return at >= 0 ? at : suggestColourColumn(columns);
}

/** The column that names the points, chosen or suggested; null = there are none. */
export function labelColumnOf(view: ViewState, columns: readonly ColumnInfo[]): number | null {
  const at = columns.findIndex((column) => column.name === view.label);
  return at >= 0 ? at : suggestLabelColumn(columns);
}

/** How a column is coloured by now. */
export function scaleOf(view: ViewState, info: ColumnInfo): 'classes' | 'ramp' {
  if (info.kind !== 'number') return 'classes';
  return view.scale ?? (looksCategorical(info) ? 'classes' : 'ramp');
}
