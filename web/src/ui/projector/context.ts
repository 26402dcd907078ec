// SPDX-License-Identifier: Apache-2.0
import { getContext, setContext } from 'svelte';
import type { ProjectorModel } from './model.svelte';

const KEY = Symbol('projector');

/** Called once by the outermost component. */
export function provideModel(model: ProjectorModel): void {
  setContext(KEY, model);
}

/** The model of the projector this component is in. */
export function useModel(): ProjectorModel {
  return getContext<ProjectorModel>(KEY);
}
