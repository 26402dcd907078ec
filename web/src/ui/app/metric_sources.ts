// SPDX-License-Identifier: Apache-2.0
import type { MetricSummary } from '../../api/types';
import type { CurveSource } from './curves.svelte';

/** One curve for each context of a metric of one experiment. */
export function metricSources(
  experiment: string,
  summaries: readonly MetricSummary[],
): CurveSource[] {
  return summaries.map(({ name, context, n, last }) => ({
    experiment,
    context,
    label: context === null || context === '' ? name : context,
    version: `${n}:${String(last)}`,
  }));
}
