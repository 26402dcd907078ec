// SPDX-License-Identifier: Apache-2.0
// Workers under a policy that demands trusted types: only our own scripts may become one.

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

let policy: ScriptPolicy | null = null;

/** url: what `import url from './x.ts?worker&url'` gave. The server's policy names `oort-worker`. */
export function startWorker(url: string): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (policy === null && trustedTypes !== undefined) {
    policy = trustedTypes.createPolicy('oort-worker', { createScriptURL: ownScript });
  }
  return new Worker((policy?.createScriptURL(url) ?? ownScript(url)) as string, { type: 'module' });
}

function ownScript(url: string): string {
  const full = new URL(url, location.href);
  if (full.origin !== location.origin) throw new Error(`Not a script of this server: ${full.href}`);
  return full.href;
}
