// SPDX-License-Identifier: Apache-2.0
// Sorting and searching rows. Pure and stable.

export type SortValue = string | number | null;

export interface Sort {
  column: string;
  descending: boolean;
}

const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return COLLATOR.compare(String(a), String(b));
}

/** A sorted copy. Rows without a value stand last in both directions; equal rows keep their order. */
export function sortRows<T>(
  rows: readonly T[],
  value: (row: T) => SortValue,
  descending: boolean,
): T[] {
  const keyed = rows.map((row) => ({ row, value: value(row) }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null) {
      return Number(a.value === null) - Number(b.value === null);
    }
    return descending ? compare(b.value, a.value) : compare(a.value, b.value);
  });
  return keyed.map((entry) => entry.row);
}

/** Rows in which every word of `sought` occurs somewhere, whatever its case. */
export function searchRows<T>(
  rows: readonly T[],
  sought: string,
  texts: (row: T) => readonly (string | null)[],
): T[] {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const text = texts(row).filter(Boolean).join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** What a click on a column's head does: sort by it, then turn the direction. */
export function nextSort(current: Sort, column: string, firstDescending: boolean): Sort {
  if (current.column === column) return { column, descending: !current.descending };
  return { column, descending: firstDescending };
}

/** `-started` <-> { column: 'started', descending: true }, for the address. */
export function parseSort(text: string | null, columns: readonly string[], fallback: Sort): Sort {
  if (text === null) return fallback;
  const descending = text.startsWith('-');
  const column = descending ? text.slice(1) : text;
  return columns.includes(column) ? { column, descending } : fallback;
}

export function formatSort(sort: Sort): string {
  return (sort.descending ? '-' : '') + sort.column;
}

/** Rows by a key, groups in the order of `first`, then by name. */
export function groupRows<T>(
  rows: readonly T[],
  key: (row: T) => string,
  first: readonly string[] = [],
): { name: string; rows: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  const rank = (name: string): number => {
    const at = first.indexOf(name);
    return at === -1 ? first.length : at;
  };
  return [...groups]
    .map(([name, members]) => ({ name, rows: members }))
    .sort((a, b) => rank(a.name) - rank(b.name) || COLLATOR.compare(a.name, b.name));
}
