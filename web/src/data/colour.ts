// SPDX-License-Identifier: Apache-2.0
// From the values of a column to the 256 palette slots of the scene.
//
// The first ten categorical colours of each theme were found by a search over OKLCH that maximises
// the least distance between any two, and to the background, for normal sight and for simulated
// protanopia, deuteranopia and tritanopia (Machado, Oliveira, Fernandes 2009, severity 1); the ten
// lighter ones by the same search with the first ten held fast. colour.test.ts measures them.

export type ColourTheme = 'dark' | 'light';

export interface Palette {
  background: string;
  /** Ten strong colours, then ten lighter ones. */
  categorical: readonly string[];
  /** Values beyond the twentieth. */
  other: string;
  /** Rows without a value. */
  missing: string;
  /** Sequential, low to high, even in lightness. */
  ramp: readonly string[];
}

export const PALETTES: Record<ColourTheme, Palette> = {
  dark: {
    background: '#0b0e14',
    // prettier-ignore
    categorical: [
      '#8a89f7', '#e8e310', '#db2478', '#35c6ef', '#b6770b',
      '#4efcc6', '#f98fa7', '#1f7fa2', '#aab51b', '#8b46df',
      '#d3e4a1', '#86b2cb', '#ddcada', '#88e0f7', '#97d9af',
      '#b0bfd1', '#9af8f4', '#f3ba8c', '#c5a483', '#64bead',
    ],
    other: '#5c6573',
    missing: '#3c4351',
    // prettier-ignore
    ramp: [
      '#5e2dad', '#3f54cc', '#0c7bc4', '#0d97b9', '#13b1b4',
      '#17cba6', '#69e084', '#c0e967', '#ffed87',
    ],
  },
  light: {
    background: '#fbfbfa',
    // prettier-ignore
    categorical: [
      '#3a76a8', '#d46b01', '#c22d6d', '#65b8fe', '#516012',
      '#ae5cf3', '#e683ad', '#b1bb27', '#4a24a5', '#73235b',
      '#7ba0d6', '#b5cabc', '#8cb8d2', '#b49c5a', '#b97b5b',
      '#d0a78e', '#c9c984', '#9480bb', '#7bd3e9', '#4e9e82',
    ],
    other: '#b0b6bf',
    missing: '#d6d9de',
    // prettier-ignore
    ramp: [
      '#f0cf4c', '#aeca4b', '#58c066', '#11aa88', '#028f92',
      '#0b7591', '#0a5996', '#2e2ca4', '#43017a',
    ],
  },
};

/** Slot 0 is "no value" in both kinds of colouring. */
export const SLOT_MISSING = 0;
/** Category slots are 1..20. */
export const N_CATEGORY_SLOTS = 20;
export const SLOT_OTHER = 21;
/** Ramp slots are 1..255. */
const N_RAMP_SLOTS = 255;
/** A code that means: this row has no value in this column. */
export const MISSING_CODE = 0xffffffff;

type Rgb = [number, number, number];

export function parseHex(hex: string): Rgb {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255];
}

function setSlot(table: Uint8Array, slot: number, rgb: Rgb): void {
  table.set([rgb[0], rgb[1], rgb[2], 255], slot * 4);
}

/** The colour at a share 0..1 of the ramp, straight between its stops. */
export function rampColour(theme: ColourTheme, share: number): Rgb {
  const stops = PALETTES[theme].ramp;
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const at = Math.min(stops.length - 2, Math.floor(place));
  const low = parseHex(stops[at] ?? '#000000');
  const high = parseHex(stops[at + 1] ?? '#000000');
  const mix = (i: 0 | 1 | 2): number => Math.round(low[i] + (high[i] - low[i]) * (place - at));
  return [mix(0), mix(1), mix(2)];
}

/** 256 x RGBA for slots made by categoryOfCode or uniformSlots. */
export function categoryTable(theme: ColourTheme): Uint8Array {
  const palette = PALETTES[theme];
  const table = new Uint8Array(256 * 4);
  for (let slot = 0; slot < 256; slot++) setSlot(table, slot, parseHex(slotColour(theme, slot)));
  setSlot(table, SLOT_MISSING, parseHex(palette.missing));
  return table;
}

/** 256 x RGBA for slots made by rampSlots. */
export function rampTable(theme: ColourTheme): Uint8Array {
  const table = new Uint8Array(256 * 4);
  setSlot(table, SLOT_MISSING, parseHex(PALETTES[theme].missing));
  for (let slot = 1; slot <= N_RAMP_SLOTS; slot++) {
    setSlot(table, slot, rampColour(theme, (slot - 1) / (N_RAMP_SLOTS - 1)));
  }
  return table;
}

/** The colour of a category slot, as CSS understands it. */
export function slotColour(theme: ColourTheme, slot: number): string {
  const palette = PALETTES[theme];
  if (slot === SLOT_MISSING) return palette.missing;
  return palette.categorical[slot - 1] ?? palette.other;
}

const byNature = new Intl.Collator('en', { numeric: true });

/** "7" -> slot 8 when every value is a small whole number: a digit has one colour everywhere. */
function slotsOfSmallIntegers(values: readonly string[]): Uint8Array | null {
  const slots = new Uint8Array(values.length);
  for (const [code, value] of values.entries()) {
    if (!/^\d{1,2}$/.test(value) || Number(value) >= N_CATEGORY_SLOTS) return null;
    slots[code] = Number(value) + 1;
  }
  return slots;
}

/**
 * Remembers which value of which column has which slot, so that a class keeps its colour when the
 * entry changes. Values are given slots in natural order of the twenty most frequent, not by
 * frequency, so that two entries with slightly different counts agree even without the memory.
 */
export class ColourBook {
  readonly #columns = new Map<string, Map<string, number>>();

  /**
   * values: most frequent first. wanted: values that shall have a colour of their own even
   * when they
   * are rare (those shown alone). Returns the slot of each code.
   */
  assign(
    column: string,
    values: readonly string[],
    wanted?: ReadonlySet<string | null>,
  ): Uint8Array {
    const simple = slotsOfSmallIntegers(values);
    if (simple !== null) return simple;
    const memory = this.#columns.get(column) ?? new Map<string, number>();
    this.#columns.set(column, memory);
    const first = wanted === undefined ? [] : values.filter((value) => wanted.has(value));
    const rest = first.length === 0 ? values : values.filter((value) => !wanted?.has(value));
    const top = [...first, ...rest.slice(0, N_CATEGORY_SLOTS)].slice(0, N_CATEGORY_SLOTS);
    const present = new Set(top);
    const taken = new Set<number>();
    for (const value of top) {
      const slot = memory.get(value);
      if (slot !== undefined) taken.add(slot);
    }
    // Slots nobody has had come first; then those of values that are not in this entry.
    const owned = new Set(memory.values());
    const open: number[] = [];
    for (let slot = 1; slot <= N_CATEGORY_SLOTS; slot++) if (!taken.has(slot)) open.push(slot);
    open.sort((a, b) => Number(owned.has(a)) - Number(owned.has(b)) || a - b);
    const strangers = top.filter((value) => !memory.has(value)).sort(byNature.compare);
    for (const value of strangers) {
      const slot = open.shift() ?? SLOT_OTHER;
      for (const [old, used] of memory) if (used === slot && !present.has(old)) memory.delete(old);
      memory.set(value, slot);
    }
    const slots = new Uint8Array(values.length).fill(SLOT_OTHER);
    for (const [code, value] of values.entries()) {
      if (present.has(value)) slots[code] = memory.get(value) ?? SLOT_OTHER;
    }
    return slots;
  }
}

/** Slot per position from code per position. */
export function slotsOfCodes(codes: Uint32Array, slotOfCode: Uint8Array): Uint8Array {
  const slots = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? MISSING_CODE;
    slots[i] = code === MISSING_CODE ? SLOT_MISSING : (slotOfCode[code] ?? SLOT_OTHER);
  }
  return slots;
}

/** Slot per position along the ramp; NaN is missing, values outside min..max take the ends. */
export function rampSlots(numbers: Float32Array, min: number, max: number): Uint8Array {
  const slots = new Uint8Array(numbers.length);
  const scale = max > min ? (N_RAMP_SLOTS - 1) / (max - min) : 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? NaN;
    if (Number.isNaN(number)) continue; // stays SLOT_MISSING
    const place = scale === 0 ? (N_RAMP_SLOTS - 1) / 2 : (number - min) * scale;
    slots[i] = 1 + Math.round(Math.min(N_RAMP_SLOTS - 1, Math.max(0, place)));
  }
  return slots;
}

/** Every point the first colour: nothing to colour by. */
export function uniformSlots(n: number): Uint8Array {
  return new Uint8Array(n).fill(1);
}

export interface ColourableColumn {
  name: string;
  kind: 'category' | 'number' | 'text';
  n_values: number;
}

/** A number column with few distinct values is most often a class written as a number. */
export function looksCategorical(column: ColourableColumn): boolean {
  return column.kind === 'category' || (column.kind === 'number' && column.n_values <= 50);
}

const LABEL_NAME = /^(label|labels|class|classes|target|category|y)$/i;

/**
 * The column a person most likely wants to see in colour: one called label or alike, else the first
 * with a few classes, else the first number; null when every column is free text or constant.
 */
export function suggestColourColumn(columns: readonly ColourableColumn[]): number | null {
  const tests: ((column: ColourableColumn) => boolean)[] = [
    (column) => LABEL_NAME.test(column.name) && column.kind !== 'text' && column.n_values > 1,
    (column) => looksCategorical(column) && column.n_values > 1,
    (column) => column.kind === 'number' && column.n_values > 1,
    (column) => column.kind !== 'text' && column.n_values > 0,
  ];
  for (const test of tests) {
    const at = columns.findIndex(test);
    if (at >= 0) return at;
  }
  return null;
}

/** The column to write beside points: one called label, name or alike, else the first. */
export function suggestLabelColumn(columns: readonly ColourableColumn[]): number | null {
  const at = columns.findIndex(
    (column) => LABEL_NAME.test(column.name) || /^(name|title|word|text|id)$/i.test(column.name),
  );
  return at >= 0 ? at : columns.length > 0 ? 0 : null;
}
