// SPDX-License-Identifier: Apache-2.0
// Shaders of the GL tier. They repeat what src/raster does, so that both tiers show one picture.

import { FOG_CLEAR } from './fog_table';

/** Depths in front of this belong to selected points; raster_depth_front in src/raster/raster.h. */
const FRONT = '(1.0 / 64.0)';

export const POINT_VERTEX = `#version 300 es
precision highp float;
precision highp int;
in float a_x; in float a_y; in float a_z;
in float a_fx; in float a_fy; in float a_fz;
in uint a_slot; in uint a_state;
uniform vec4 u_rows[3];
uniform vec2 u_size;
uniform vec4 u_range;      // near, far, focus, diameter
uniform float u_mix;
uniform bool u_flat;
uniform float u_count;
uniform int u_pass;        // 0 all, 1 outline of the selected, 2 the selected
uniform float u_ring;
uniform sampler2D u_palette;
uniform vec3 u_background;
uniform vec3 u_outline;
uniform vec3 u_shares;     // opacity, fog, dim
flat out vec3 v_colour;
void main() {
  vec3 here = vec3(a_x, a_y, a_z);
  vec4 p = vec4(u_mix < 1.0 ? mix(vec3(a_fx, a_fy, a_fz), here, u_mix) : here, 1.0);
  float w = dot(u_rows[2], p);
  bool shown = a_state >= 1u && a_state <= 3u && w > u_range.x && (u_pass == 0 || a_state == 3u);
  if (!shown) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    v_colour = vec3(0.0);
    return;
  }
  vec2 px = vec2(dot(u_rows[0], p), dot(u_rows[1], p)) / w;
  float far = clamp((w - u_range.x) / (u_range.y - u_range.x), 0.0, 1.0);
  float depth = u_flat ? 1.0 - (float(gl_VertexID) + 1.0) / (u_count + 1.0) : far;
  depth = ${FRONT} + depth * (1.0 - ${FRONT}) * 0.9999;
  float size = u_range.w * (u_flat ? 1.0 : clamp(u_range.z / w, 0.5, 2.5));
  vec4 paint = texelFetch(u_palette, ivec2(int(a_slot), 0), 0);
  float fog = u_flat ? 0.0 : u_shares.y * max(0.0, far - ${FOG_CLEAR}) / (1.0 - ${FOG_CLEAR});
  float share = (1.0 - fog) * u_shares.x * (a_state == 2u ? 1.0 - u_shares.z : 1.0) * paint.a;
  v_colour = mix(u_background, paint.rgb, share);
  if (u_pass > 0) {
    depth = depth / 64.0 + (u_pass == 1 ? 1e-6 : 0.0);
    size = size * 1.25 + (u_pass == 1 ? 2.0 * u_ring : 0.0);
    v_colour = u_pass == 1 ? u_outline : mix(u_background, paint.rgb, paint.a);
  }
  gl_PointSize = max(1.0, size);
  gl_Position = vec4(px.x / u_size.x * 2.0 - 1.0, 1.0 - px.y / u_size.y * 2.0, depth * 2.0 - 1.0, 1.0);
}`;

export const POINT_FRAGMENT = `#version 300 es
precision mediump float;
flat in vec3 v_colour;
out vec4 o_colour;
void main() {
  vec2 d = gl_PointCoord * 2.0 - 1.0;
  if (dot(d, d) > 1.0) discard;
  o_colour = vec4(v_colour, 1.0);
}`;

export const FULL_VERTEX = `#version 300 es
void main() {
  vec2 p = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(p * 2.0 - 1.0, 0.0, 1.0);
}`;

/** From the point buffer to the canvas: edges darkened where depth jumps, 2 x 2 averaged. */
export const RESOLVE_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_colour;
uniform highp sampler2D u_depth;
uniform int u_scale;
uniform float u_edge;
out vec4 o_colour;
float behind(ivec2 at, float depth, ivec2 limit) {
  float sum = 0.0;
  for (int k = 0; k < 4; k++) {
    ivec2 step = (k < 2 ? ivec2(1, 0) : ivec2(0, 1)) * ((k & 1) * 2 - 1) * u_scale;
    sum += max(0.0, depth - texelFetch(u_depth, clamp(at + step, ivec2(0), limit), 0).r);
  }
  return sum;
}
void main() {
  ivec2 base = ivec2(gl_FragCoord.xy) * u_scale;
  ivec2 limit = textureSize(u_depth, 0) - 1;
  vec3 sum = vec3(0.0);
  for (int y = 0; y < u_scale; y++) for (int x = 0; x < u_scale; x++) {
    ivec2 at = base + ivec2(x, y);
    vec3 colour = texelFetch(u_colour, at, 0).rgb;
    if (u_edge > 0.0) {
      float depth = texelFetch(u_depth, at, 0).r;
      if (depth < 1.0 && depth >= ${FRONT}) {
        colour *= max(0.62, 1.0 / (1.0 + u_edge * behind(at, depth, limit)));
      }
    }
    sum += colour;
  }
  o_colour = vec4(sum / float(u_scale * u_scale), 1.0);
}`;

export const IMAGE_VERTEX = `#version 300 es
precision highp float;
in vec4 a_place;   // px, py, depth, layer (-1 = plain colour)
in vec2 a_texel;
in vec4 a_colour;
uniform vec2 u_size;
out vec2 v_texel;
flat out vec3 v_place;  // depth, layer
flat out vec4 v_colour;
void main() {
  v_texel = a_texel;
  v_place = vec3(a_place.z, a_place.w, 0.0);
  v_colour = a_colour;
  gl_Position = vec4(a_place.x / u_size.x * 2.0 - 1.0, 1.0 - a_place.y / u_size.y * 2.0, 0.0, 1.0);
}`;

/** Magnified texels are crisp blocks with one softened pixel between them; premultiplied. */
export const IMAGE_FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DArray;
in vec2 v_texel;
flat in vec3 v_place;
flat in vec4 v_colour;
uniform sampler2DArray u_pages;
uniform highp sampler2D u_depth;
uniform int u_scale;
uniform float u_side;
uniform vec3 u_background;
out vec4 o_colour;
void main() {
  if (texelFetch(u_depth, ivec2(gl_FragCoord.xy) * u_scale, 0).r < v_place.x) discard;
  vec2 dx = dFdx(v_texel);
  vec2 dy = dFdy(v_texel);
  if (v_place.y < 0.0) { o_colour = v_colour; return; }
  vec2 width = max(abs(dx) + abs(dy), vec2(1e-5));
  vec2 seam = floor(v_texel + 0.5);
  vec2 crisp = seam + clamp((v_texel - seam) / width, -0.5, 0.5);
  vec2 texel = vec2(width.x < 1.0 ? crisp.x : v_texel.x, width.y < 1.0 ? crisp.y : v_texel.y);
  vec4 colour = textureGrad(u_pages, vec3(texel / u_side, v_place.y), dx / u_side, dy / u_side);
  vec3 paint = mix(u_background * colour.a, colour.rgb * v_colour.rgb, v_colour.a);
  o_colour = vec4(paint, colour.a);
}`;
