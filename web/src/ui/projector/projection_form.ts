// SPDX-License-Identifier: Apache-2.0
// The form of a method as values and sentences: what is in it, whether it can be run, and what the
// button says.

import type { EntryRef } from './api';
import { formatNumber } from './format';
import { wordsOf } from './option_words';
import type {
  Forecast,
  MethodInfo,
  OptionInfo,
  Options,
  OptionValue,
  ProjectionInfo,
  ProjectionRequest,
} from './projection_source';

/** What a person has set of one method; options at their defaults are not in it. */
export interface Draft {
  options: Options;
  superviseBy: string | null;
}

export const NOTHING_SET: Draft = { options: {}, superviseBy: null };

/** Why a value cannot be used, as a sentence; null if it can. */
export function problemOf(option: OptionInfo, value: OptionValue): string | null {
  if (value === null) return option.optional === true ? null : 'A value is needed.';
  if (option.type === 'choice') {
    const known = typeof value === 'string' && option.choices?.includes(value) === true;
    return known ? null : `One of ${(option.choices ?? []).join(', ')}.`;
  }
  if (option.type === 'boolean') return typeof value === 'boolean' ? null : 'On or off.';
  if (option.type === 'string') return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'A number is needed.';
  if (option.type === 'integer' && !Number.isInteger(value)) return 'A whole number is needed.';
  const { min = -Infinity, max = Infinity } = option;
  if (value >= min && value <= max) return null;
  if (max === Infinity) return `At least ${formatNumber(min)}.`;
  return `Between ${formatNumber(min)} and ${formatNumber(max)}.`;
}

/** What an arrow key adds. */
export function stepOf(option: OptionInfo): number {
  const { slider } = wordsOf(option.name);
  if (slider !== undefined) return slider.step;
  if (option.type === 'integer') return 1;
  const { min = 0, max = 100 } = option;
  const tenth = 10 ** Math.floor(Math.log10(Math.max(max - min, 1e-6) / 50));
  return Math.min(1, tenth);
}

export function valueOf(option: OptionInfo, options: Options): OptionValue {
  const set = options[option.name];
  return set === undefined ? option.default : set;
}

/** What of a draft cannot be used, by the option's name. */
export function problemsOf(method: MethodInfo, draft: Draft): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const option of method.options) {
    const problem = problemOf(option, valueOf(option, draft.options));
    if (problem !== null) problems[option.name] = problem;
  }
  return problems;
}

/** Sets one option; one that is set to its default is left out. */
export function withOption(draft: Draft, option: OptionInfo, value: OptionValue): Draft {
  const kept = Object.entries(draft.options).filter(([name]) => name !== option.name);
  const set: [string, OptionValue][] = value === option.default ? [] : [[option.name, value]];
  return { ...draft, options: Object.fromEntries([...kept, ...set]) };
}

/**
 * The request for a draft, in one form: options the method does not have, or that change nothing, are
 * left out, and the rest is in the method's order.
 */
export function requestOf(
  method: MethodInfo,
  nComponents: number,
  draft: Draft,
): ProjectionRequest {
  const options: Record<string, OptionValue> = {};
  for (const option of method.options) {
    const value = valueOf(option, draft.options);
    const idle = draft.superviseBy === null && wordsOf(option.name).supervised === true;
    if (value !== option.default && !idle) options[option.name] = value;
  }
  const { name } = method;
  return { method: name, n_components: nComponents, options, supervise_by: draft.superviseBy };
}

/** The same text for the same layout. */
export function identityOf(entry: EntryRef, request: ProjectionRequest): string {
  const { method, n_components, options, supervise_by } = request;
  return JSON.stringify([entry.template, entry.entry, method, n_components, supervise_by, options]);
}

export interface RunButton {
  text: 'Run' | 'Run again' | 'Show' | 'Continue';
  why?: string;
}

export interface Standing {
  /** Of what is on screen or was asked for last; null = nothing was. */
  state: ProjectionInfo['state'] | null;
  /** The form says what that was made with. */
  same: boolean;
  forecast: Forecast | null;
}

/** The one thing to press in the form; null while there is nothing to start. */
export function buttonOf({ state, same, forecast }: Standing): RunButton | null {
  const over = state === null || state === 'failed' || state === 'cancelled';
  if (same && !over) return state === 'stopped' ? { text: 'Continue' } : null;
  const there = forecast?.state ?? null;
  if (there === 'done') return { text: 'Show', why: 'Computed before.' };
  if (there === 'running' || there === 'queued' || there === 'paused') {
    return { text: 'Show', why: 'Being computed.' };
  }
  return { text: over ? 'Run' : 'Run again' };
}

/** How far it is, 0..1; null where nobody can say. */
export function progressOf(info: ProjectionInfo): number | null {
  const { seconds_elapsed: elapsed, seconds_left: left, iteration, n_iterations: n } = info;
  if (info.state === 'queued') return null;
  if (info.state === 'done') return 1;
  if (left !== null && elapsed + left > 0) return elapsed / (elapsed + left);
  return info.stage === 'optimise' && n > 0 ? iteration / n : null;
}
