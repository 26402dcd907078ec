// SPDX-License-Identifier: Apache-2.0
import type { Experiment } from '../../api/types';
import { REFRESH_MS } from '../app/resource.svelte';

/** Running experiments are looked at every few seconds, the others now and then for new ones. */
export function pollWait(experiments: readonly Experiment[] | undefined): number {
  const running = experiments?.some((experiment) => experiment.state === 'running') ?? false;
  return running ? REFRESH_MS.running : REFRESH_MS.idle;
}
