// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  categoryTable,
  ColourBook,
  looksCategorical,
  MISSING_CODE,
  N_CATEGORY_SLOTS,
  PALETTES,
  parseHex,
  rampColour,
  rampSlots,
  rampTable,
  SLOT_MISSING,
  SLOT_OTHER,
  slotColour,
  slotsOfCodes,
  suggestColourColumn,
  suggestLabelColumn,
} from './colour';

type Vec = [number, number, number];

const linear = (byte: number): number => {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

// Oklab (Ottosson 2020) of linear sRGB.
function oklab([r, g, b]: Vec): Vec {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

// Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
const SIGHT: Record<string, [Vec, Vec, Vec]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(hex: string, sight: [Vec, Vec, Vec]): Vec {
  const rgb = parseHex(hex).map(linear) as Vec;
  const through = sight.map((row) => {
    const sum = row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2];
    return Math.min(1, Math.max(0, sum));
  }) as Vec;
  return oklab(through);
}

function leastDistance(colours: readonly string[], sight: [Vec, Vec, Vec]): number {
  const labs = colours.map((hex) => seen(hex, sight));
  let least = Infinity;
  for (const [i, a] of labs.entries()) {
    for (const b of labs.slice(0, i)) {
      least = Math.min(least, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
  }
  return least;
}

describe.each(['dark', 'light'] as const)('the %s palette', (theme) => {
  const palette = PALETTES[theme];

  it.each(Object.keys(SIGHT))('keeps ten colours and the background apart for %s', (name) => {
    const sight = SIGHT[name];
    if (sight === undefined) throw new Error('no such sight');
    // For scale: the well-known Tableau 10 has a least distance of 0.007 under deuteranopia.
    expect(leastDistance(palette.categorical.slice(0, 10), sight)).toBeGreaterThan(0.09);
    expect(leastDistance(palette.categorical, sight)).toBeGreaterThan(0.035);
    for (const hex of palette.categorical) {
      expect(leastDistance([hex, palette.background], sight)).toBeGreaterThan(0.14);
    }
  });

  it('has a ramp that only rises or only falls in lightness', () => {
    const light = Array.from({ length: 64 }, (_, i) => {
      return oklab(rampColour(theme, i / 63).map(linear) as Vec)[0];
    });
    const steps = light.slice(1).map((value, i) => Math.sign(value - (light[i] ?? 0)));
    expect(new Set(steps).size).toBe(1);
  });

  it('fills all 256 slots with opaque colours', () => {
    for (const table of [categoryTable(theme), rampTable(theme)]) {
      expect(table.length).toBe(1024);
      for (let slot = 0; slot < 256; slot++) expect(table[slot * 4 + 3]).toBe(255);
    }
    expect([...categoryTable(theme).slice(4, 7)]).toEqual(parseHex(slotColour(theme, 1)));
  });
});

describe('ColourBook', () => {
  it('gives small whole numbers the colour of their number, whatever their frequency', () => {
    const book = new ColourBook();
    expect([...book.assign('label', ['7', '0', '3'])]).toEqual([8, 1, 4]);
    expect([...book.assign('label', ['0', '7'])]).toEqual([1, 8]);
  });

  it('keeps the colour of a value when the entry changes', () => {
    const book = new ColourBook();
    const before = book.assign('kind', ['cat', 'dog', 'ant']);
    const after = book.assign('kind', ['dog', 'bee', 'ant']);
    expect(after[0]).toBe(before[1]);
    expect(after[2]).toBe(before[2]);
    expect(new Set(after).size).toBe(3);
    expect(book.assign('kind', ['cat'])[0]).toBe(before[0]);
  });

  it('does not depend on the order of frequency at first sight', () => {
    const one = new ColourBook().assign('kind', ['cat', 'dog']);
    const two = new ColourBook().assign('kind', ['dog', 'cat']);
    expect(one[0]).toBe(two[1]);
    expect(one[1]).toBe(two[0]);
  });

  it('gives the twenty most frequent a colour of their own and the rest the other', () => {
    const values = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    const slots = new ColourBook().assign('kind', values);
    expect(new Set(slots.slice(0, N_CATEGORY_SLOTS)).size).toBe(N_CATEGORY_SLOTS);
    expect([...slots.slice(N_CATEGORY_SLOTS)].every((slot) => slot === SLOT_OTHER)).toBe(true);
  });

  it('gives rare values that are shown alone a colour of their own', () => {
    const values = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    const book = new ColourBook();
    const before = book.assign('kind', values);
    const slots = book.assign('kind', values, new Set(['class 800', 'class 900']));
    expect(slots[800]).not.toBe(SLOT_OTHER);
    expect(slots[900]).not.toBe(SLOT_OTHER);
    expect(slots[800]).not.toBe(slots[900]);
    expect([...slots.slice(0, 18)]).toEqual([...before.slice(0, 18)]);
    expect([...slots].filter((slot) => slot !== SLOT_OTHER).length).toBe(N_CATEGORY_SLOTS);
  });

  it('finds room again when every earlier value is gone', () => {
    const book = new ColourBook();
    book.assign(
      'kind',
      Array.from({ length: 20 }, (_, i) => `old ${i}`),
    );
    const slots = book.assign(
      'kind',
      Array.from({ length: 20 }, (_, i) => `new ${i}`),
    );
    expect(new Set(slots).size).toBe(20);
    expect([...slots].includes(SLOT_OTHER)).toBe(false);
  });

  it('keeps columns apart', () => {
    const book = new ColourBook();
    book.assign('a', ['x', 'y']);
    expect(book.assign('b', ['y'])[0]).toBe(1);
  });
});

describe('slots', () => {
  it('maps codes and shows a missing code as missing', () => {
    const slots = slotsOfCodes(Uint32Array.of(1, MISSING_CODE, 0), Uint8Array.of(5, 9));
    expect([...slots]).toEqual([9, SLOT_MISSING, 5]);
  });

  it('spreads numbers over the ramp, clamps what is outside and leaves NaN missing', () => {
    const slots = rampSlots(Float32Array.of(0, 10, 5, NaN, -3, 99), 0, 10);
    expect([...slots]).toEqual([1, 255, 128, SLOT_MISSING, 1, 255]);
  });

  it('puts a constant column in the middle of the ramp', () => {
    expect([...rampSlots(Float32Array.of(4, 4), 4, 4)]).toEqual([128, 128]);
  });
});

describe('suggestions', () => {
  const column = (name: string, kind: 'category' | 'number' | 'text', nValues: number) => ({
    name,
    kind,
    n_values: nValues,
  });

  it('colours by the column called label, else by classes, else by a number', () => {
    const id = column('id', 'text', 500);
    const score = column('score', 'number', 400);
    const kind = column('kind', 'category', 4);
    expect(suggestColourColumn([id, kind, column('label', 'number', 10)])).toBe(2);
    expect(suggestColourColumn([id, score, kind])).toBe(2);
    expect(suggestColourColumn([id, score])).toBe(1);
    expect(suggestColourColumn([id])).toBeNull();
    expect(suggestColourColumn([])).toBeNull();
  });

  it('takes a number with few values for classes', () => {
    expect(looksCategorical(column('digit', 'number', 10))).toBe(true);
    expect(looksCategorical(column('score', 'number', 400))).toBe(false);
  });

  it('labels with the column called name, else with the first', () => {
    const columns = [column('score', 'number', 4), column('name', 'text', 9)];
    expect(suggestLabelColumn(columns)).toBe(1);
    expect(suggestLabelColumn(columns.slice(0, 1))).toBe(0);
    expect(suggestLabelColumn([])).toBeNull();
  });
});
