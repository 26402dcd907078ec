// SPDX-License-Identifier: Apache-2.0
// Which tier draws: WebGL2 on a GPU; the CPU splatter where WebGL is software, missing or slow.

import { CpuTier } from './cpu_tier';
import { GlTier } from './gl_tier';
import type { Tier, TierEvents } from './tier';

/** Renderers that are themselves CPU programs, and slower ones than ours. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
/** Points of the calibration, and what the CPU tier needs for them with two cores, in ms. */
const TRIAL_POINTS = 200_000;
const CPU_TRIAL_MS = 8;

export async function createTier(wanted: 'gl' | 'cpu' | 'auto', events: TierEvents): Promise<Tier> {
  const kind = wanted === 'auto' ? calibrate() : wanted;
  const makers = {
    gl: () => Promise.resolve(new GlTier(events)),
    cpu: () => CpuTier.create(events),
  };
  try {
    return await makers[kind]();
  } catch (error) {
    try {
      return await makers[kind === 'gl' ? 'cpu' : 'gl']();
    } catch {
      throw error;
    }
  }
}

/** At most about 200 ms; no trial at all where the renderer's name decides. */
export function calibrate(): 'gl' | 'cpu' {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1024;
  const gl = canvas.getContext('webgl2', { antialias: false, failIfMajorPerformanceCaveat: true });
  if (gl === null) return 'cpu';
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  const choice = SOFTWARE.test(name) || trial(gl) > CPU_TRIAL_MS ? 'cpu' : 'gl';
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return choice;
}

/** Milliseconds of one frame of TRIAL_POINTS small points, waited for. */
function trial(gl: WebGL2RenderingContext): number {
  const program = gl.createProgram();
  const sources: [number, string][] = [
    [
      gl.VERTEX_SHADER,
      `#version 300 es
      void main() {
        uint h = uint(gl_VertexID) * 2654435761u;
        gl_Position = vec4(vec2(h & 1023u, h >> 10 & 1023u) / 512.0 - 1.0, 0.0, 1.0);
        gl_PointSize = 4.0;
      }`,
    ],
    [
      gl.FRAGMENT_SHADER,
      `#version 300 es
      precision mediump float;
      out vec4 colour;
      void main() { colour = vec4(gl_PointCoord, 0.0, 1.0); }`,
    ],
  ];
  for (const [kind, source] of sources) {
    const shader = gl.createShader(kind);
    if (shader === null) return Infinity;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const pixel = new Uint8Array(4);
  let best = Infinity;
  for (let k = 0; k < 4; k++) {
    const started = performance.now();
    gl.drawArrays(gl.POINTS, 0, TRIAL_POINTS);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    best = Math.min(best, performance.now() - started);
    if (k === 0 && best > 100) break;
  }
  return best;
}
