// SPDX-License-Identifier: Apache-2.0
// How numbers are written in the projector.

const WHOLE = new Intl.NumberFormat('en-US');

/** 70000 -> "70,000". */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/** A share 0..1: "9.7 %", "0.04 %", "<0.01 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (!Number.isFinite(percent)) return '–';
  if (percent > 0 && percent < 0.01) return '<0.01 %';
  return `${percent.toFixed(percent >= 0.995 || percent === 0 ? 1 : 2)} %`;
}

/** Four significant digits, no needless zeros: "0.0123", "5.4e-9", "1,234". */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9))
    return value.toExponential(3).replace(/\.?0+e/, 'e');
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 }).format(value);
}

/** A duration in seconds: "0.9 ms", "93 ms", "1.3 s". */
export function formatDuration(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  const milliseconds = seconds * 1000;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** How long something takes or lasts: "0.4 s", "48 s", "2 min 10 s", "1 h 5 min". */
export function formatSpan(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (whole < 600) return `${minutes} min ${whole % 60} s`;
  if (minutes < 90) return `${Math.round(whole / 60)} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Memory: "61 MB", "1.4 GB". */
export function formatMemory(bytes: number): string {
  if (bytes < 999.5e6) return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "1 point", "70,000 points". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "drawn all" or "drawn 412 of 70,000". */
export function formatDrawn(drawn: number, total: number): string {
  return drawn === total ? 'drawn all' : `drawn ${formatCount(drawn)} of ${formatCount(total)}`;
}
