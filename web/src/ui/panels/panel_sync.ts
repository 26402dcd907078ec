// SPDX-License-Identifier: Apache-2.0
// Keeps a list of panels on the server: shows every change at once, saves in the background, and when
// somebody else saved first (409) reads again and applies the waiting changes to what it read.

import { ApiError } from '../../api/error';
import type { PanelList } from '../../api/types';
import type { PanelEdit, Panels } from './panel_edits';

const MAX_CONFLICTS = 5;

export interface PanelServer {
  load: () => Promise<PanelList>;
  /** Rejects with ApiError `conflict` when the revision is not current. */
  save: (list: PanelList) => Promise<PanelList>;
}

export class PanelSync {
  readonly #server: PanelServer;
  readonly #changed: (panels: Panels) => void;
  #base: PanelList | null = null;
  #waiting: PanelEdit[] = [];
  #saving: Promise<void> | null = null;

  /** `changed` is told what to show. */
  constructor(server: PanelServer, changed: (panels: Panels) => void) {
    this.#server = server;
    this.#changed = changed;
  }

  /** Reads what the server has; waiting changes stay on top of it. */
  async load(): Promise<void> {
    const read = await this.#server.load();
    if (this.#saving !== null) return; // what is being saved is newer
    this.#base = read;
    this.#show();
  }

  /**
   * Shows the change, and resolves when it is saved. When saving fails the list goes back to what the
   * server has, and the failure is thrown.
   */
  async apply(edit: PanelEdit): Promise<void> {
    this.#waiting.push(edit);
    this.#show();
    this.#saving ??= this.#saveAll();
    await this.#saving;
  }

  #panels(): Panels {
    return this.#waiting.reduce<Panels>((panels, edit) => edit(panels), this.#base?.panels ?? []);
  }

  #show(): void {
    this.#changed(this.#panels());
  }

  async #saveAll(): Promise<void> {
    try {
      for (let conflicts = 0; this.#waiting.length > 0;) {
        this.#base ??= await this.#server.load();
        const n = this.#waiting.length;
        const panels = [...this.#panels()];
        try {
          const saved = await this.#server.save({ panels, revision: this.#base.revision });
          this.#base = { panels, revision: saved.revision };
          this.#waiting.splice(0, n);
        } catch (thrown) {
          const lost = thrown instanceof ApiError && thrown.code === 'conflict';
          if (!lost || ++conflicts > MAX_CONFLICTS) throw thrown;
          this.#base = await this.#server.load();
        }
      }
    } catch (thrown) {
      this.#waiting = [];
      throw thrown;
    } finally {
      this.#saving = null;
      this.#show();
    }
  }
}
