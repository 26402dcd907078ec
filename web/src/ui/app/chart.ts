// SPDX-License-Identifier: Apache-2.0
// A line chart by uPlot, in the colours of the page. uPlot draws on a canvas and moves its elements
// through CSSOM, which the Content-Security-Policy allows.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { slotColour, type ColourTheme } from '../../data/colour';
import type { ChartAxis, Curve } from './chart_data';
import { formatNumber } from './format';

// uPlot declares its scales as a const enum, which a module compiled by itself cannot read.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const LOGARITHMIC: uPlot.Scale.Distr = 3;

export interface ChartSeries {
  label: string;
  curve: Curve;
}

export interface ChartInput {
  series: readonly ChartSeries[];
  axis: ChartAxis;
  logarithmic: boolean;
  theme: ColourTheme;
}

function cssValue(host: HTMLElement, name: string): string {
  return getComputedStyle(host).getPropertyValue(name).trim();
}

function axisOptions(host: HTMLElement, logarithmic: boolean): uPlot.Axis[] {
  const stroke = cssValue(host, '--text-faint');
  const grid = { stroke: cssValue(host, '--line'), width: 1 };
  const font = `11px ${cssValue(host, '--font')}`;
  const shared = { stroke, grid, ticks: { show: false }, font };
  const values = (_: uPlot, splits: (number | null)[]): string[] =>
    splits.map((split) => (split === null ? '' : formatNumber(split, 4)));
  // As wide as the longest number, so that 0.000125 is not cut off.
  const size = (self: uPlot, texts: string[] | null): number => {
    self.ctx.font = self.axes[1]?.font?.[0] ?? font;
    const widths = (texts ?? []).map((text) => self.ctx.measureText(text).width);
    return Math.ceil(Math.max(24, ...widths) / window.devicePixelRatio) + 16;
  };
  return [
    { ...shared, size: 30, gap: 6 },
    { ...shared, size, gap: 6, ...(logarithmic ? {} : { values }) },
  ];
}

function seriesOptions({ series, axis, theme }: ChartInput): uPlot.Series[] {
  const name = { step: 'step', epoch: 'epoch', time: 'time' }[axis];
  const x: uPlot.Series = { label: name };
  if (axis !== 'time')
    x.value = (self, value: number | null) => show(value ?? lastOf(self.data[0]));
  return [
    x,
    ...series.map(({ label, curve }, i): uPlot.Series => {
      const stroke = slotColour(theme, 1 + (i % 20));
      return {
        label,
        stroke,
        width: 1.75,
        points: { show: curve.x.length <= 40, size: 5, fill: stroke },
        // Away from the curve the legend says where it has got to.
        value: (self, value: number | null, _, at: number | null) =>
          show(at === null ? lastOf(self.data[i + 1]) : value),
      };
    }),
  ];
}

function lastOf(values: ArrayLike<number | null | undefined> | undefined): number | null {
  for (let i = (values?.length ?? 0) - 1; i >= 0; i--) {
    const value = values?.[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

function show(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : formatNumber(value);
}

/** Owns a uPlot in `host` and follows its size. Call destroy(). */
export class Chart {
  readonly #host: HTMLElement;
  readonly #watch: ResizeObserver;
  #plot: uPlot | null = null;
  #shape = '';
  #legendHeight = 0;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(host);
  }

  /** New values for the same curves keep the zoom and the cursor; anything else draws anew. */
  show(input: ChartInput): void {
    const tables = input.series.map(({ curve }): uPlot.AlignedData => [curve.x, curve.y]);
    const data: uPlot.AlignedData = tables.length > 0 ? uPlot.join(tables) : [[]];
    const labels = input.series.map(({ label, curve }) => [label, curve.x.length <= 40]);
    const shape = JSON.stringify([labels, input.axis, input.logarithmic, input.theme]);
    if (this.#plot !== null && shape === this.#shape) {
      const { min, max } = this.#plot.scales['x'] ?? {};
      const xs = this.#plot.data[0];
      const zoomed = min !== xs[0] || max !== xs[xs.length - 1];
      this.#plot.setData(data, !zoomed);
      if (zoomed) this.#plot.redraw();
      return;
    }
    this.#shape = shape;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(input), data, this.#host);
    this.#legendHeight = this.#plot.root.querySelector('.u-legend')?.clientHeight ?? 0;
    this.#fit();
  }

  destroy(): void {
    this.#watch.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #options(input: ChartInput): uPlot.Options {
    return {
      width: Math.max(80, this.#host.clientWidth),
      height: 200,
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: input.axis === 'time' },
        y: input.logarithmic ? { distr: LOGARITHMIC, log: 10 } : {},
      },
      axes: axisOptions(this.#host, input.logarithmic),
      series: seriesOptions(input),
      cursor: { points: { size: 7 }, y: false, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      legend: { live: true, markers: { width: 0, fill: markerFill(input.theme) } },
    };
  }

  #fit(): void {
    if (this.#plot === null) return;
    const width = Math.max(80, Math.floor(this.#host.clientWidth));
    this.#legendHeight = this.#plot.root.querySelector('.u-legend')?.clientHeight ?? 0;
    const height = Math.max(80, Math.floor(this.#host.clientHeight - this.#legendHeight));
    if (width !== this.#plot.width || height !== this.#plot.height) {
      this.#plot.setSize({ width, height });
    }
  }
}

function markerFill(theme: ColourTheme): (self: uPlot, series: number) => string {
  return (_, series) => slotColour(theme, 1 + ((series - 1) % 20));
}
