// SPDX-License-Identifier: Apache-2.0
// The legend as a tool: which values are shown, how many points each has, how many of them are
// selected. Filters name values, not codes, so they survive a change of entry.

import { MISSING_CODE } from './api';

/**
 * only = false: everything but `values` is shown; only = true: nothing but `values`. null stands
 * for
 * "no value". Two forms, because hiding one of a thousand and showing one of a thousand must both
 * stay short in an address.
 */
export interface LegendFilter {
  readonly only: boolean;
  readonly values: ReadonlySet<string | null>;
}

export const SHOW_ALL: LegendFilter = { only: false, values: new Set() };

export function isShown(filter: LegendFilter, value: string | null): boolean {
  return filter.values.has(value) === filter.only;
}

export function isFiltering(filter: LegendFilter): boolean {
  return filter.only || filter.values.size > 0;
}

/** A click on a class: hides it, or shows it again. */
export function toggleValue(filter: LegendFilter, value: string | null): LegendFilter {
  const values = new Set(filter.values);
  if (!values.delete(value)) values.add(value);
  return values.size === 0 ? SHOW_ALL : { only: filter.only, values };
}

/** A Shift-click: shows it alone; once more, shows everything again. */
export function soloValue(filter: LegendFilter, value: string | null): LegendFilter {
  if (filter.only && filter.values.size === 1 && filter.values.has(value)) return SHOW_ALL;
  return { only: true, values: new Set([value]) };
}

/** 1 per position that is shown; null when nothing is hidden (cheaper for the scene). */
export function visibleMask(
  codes: Uint32Array,
  values: readonly string[],
  filter: LegendFilter,
): Uint8Array | null {
  if (!isFiltering(filter)) return null;
  const shown = Uint8Array.from(values, (value) => Number(isShown(filter, value)));
  const missing = Number(isShown(filter, null));
  const mask = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? MISSING_CODE;
    mask[i] = code === MISSING_CODE ? missing : (shown[code] ?? 0);
  }
  return mask;
}

export interface LegendRow {
  /** null: rows without a value. */
  value: string | null;
  code: number;
  count: number;
  slot: number;
  shown: boolean;
  /** Of these rows, how many are selected; null when nothing is. */
  selected: number | null;
}

export interface LegendInput {
  values: readonly string[];
  counts: readonly number[];
  nMissing: number;
  slotOfCode: Uint8Array;
  filter: LegendFilter;
  selected: CodeCounts | null;
}

/** Selected points per code. */
export interface CodeCounts {
  counts: Uint32Array;
  missing: number;
}

const NUMBERED_UP_TO = 50;

/**
 * One row per value, and a last one for missing values when there are any. Most frequent first,
 * except a few classes that are numbers: those are sought by their number.
 */
export function legendRows(input: LegendInput): LegendRow[] {
  const { values, counts, filter, selected } = input;
  const rows: LegendRow[] = values.map((value, code) => ({
    value,
    code,
    count: counts[code] ?? 0,
    slot: input.slotOfCode[code] ?? 0,
    shown: isShown(filter, value),
    selected: selected === null ? null : (selected.counts[code] ?? 0),
  }));
  if (rows.length <= NUMBERED_UP_TO && values.every((value) => /^-?\d+(\.\d+)?$/.test(value))) {
    rows.sort((a, b) => Number(a.value) - Number(b.value));
  }
  if (input.nMissing > 0) {
    rows.push({
      value: null,
      code: MISSING_CODE,
      count: input.nMissing,
      slot: 0,
      shown: isShown(filter, null),
      selected: selected?.missing ?? null,
    });
  }
  return rows;
}

/** Rows whose value contains the words sought, ignoring case and accents of composition. */
export function searchLegend(rows: readonly LegendRow[], sought: string): LegendRow[] {
  const needle = sought.trim().normalize('NFKC').toLocaleLowerCase();
  if (needle === '') return [...rows];
  return rows.filter((row) => {
    return (row.value ?? '').normalize('NFKC').toLocaleLowerCase().includes(needle);
  });
}
