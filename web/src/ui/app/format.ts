// SPDX-License-Identifier: Apache-2.0
// Numbers and times as words. Pure; `now` is handed in. English, like the rest of the interface.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes: three significant digits at most, "0 B", "1.5 KiB", "219 MiB". */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${trimZeros(value.toFixed(digits))} ${UNITS[unit] ?? 'B'}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const COUNT = new Intl.NumberFormat('en-US');

export function formatCount(n: number): string {
  return COUNT.format(n);
}

/** "1 point", "70,000 points". */
export function formatPlural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const SHORT_DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const LONG_DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const FULL_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago: "just now", "5 min ago", "3 h ago", "2 days ago", then the date. */
export function formatAgo(at: number, now: number): string {
  const passed = now - at;
  // Clocks of two machines differ a little; the future begins a minute from now.
  if (passed < -MINUTE) return LONG_DATE.format(at);
  if (passed < 45 * SECOND) return 'just now';
  if (passed < 59.5 * MINUTE) return `${Math.max(1, Math.round(passed / MINUTE))} min ago`;
  if (passed < 23.5 * HOUR) return `${Math.round(passed / HOUR)} h ago`;
  if (passed < 6.5 * DAY) return formatPlural(Math.round(passed / DAY), 'day') + ' ago';
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? SHORT_DATE : LONG_DATE).format(at);
}

export function formatTime(at: number): string {
  return FULL_TIME.format(at);
}

/** How long something took: "850 ms", "12.4 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 59.95 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / SECOND);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) {
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  }
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A measured value: up to `digits` significant digits, exponent only where it helps. */
export function formatNumber(value: number, digits = 5): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return formatCount(value).replace('-', '−');
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 1e-4
      ? trimExponent(value.toExponential(digits - 1))
      : trimZeros(value.toPrecision(digits));
  return text.replace(/-/g, '−');
}

function trimExponent(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e');
  return `${trimZeros(mantissa)}e${exponent.replace('+', '')}`;
}

/** A logged value of any JSON type, as text. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return JSON.stringify(value);
}
