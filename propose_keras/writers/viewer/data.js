// What the page shows, and what of it is chosen.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const numJoints = data.joints.length;
const poseSize = 3 * numJoints;
const bones = data.parents.map((parent, child) => [parent, child])
  .filter(([parent]) => parent >= 0);
const thorax = data.joints.indexOf("Thorax");
const SCALE = ["#fbd07c", "#fba35c", "#ee6a66", "#b63a80", "#6a1f7c", "#2b0f4e"];
const FONT = getComputedStyle(document.body).fontFamily;

function decode(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Kind(bytes.buffer);
}
const mode = decode(data.mode, Int16Array);
const hypotheses = decode(data.hypotheses, Int16Array);
// Of each joint relative to the hip or, where `aboutThorax`, to the thorax.
const spread = decode(data.spread, Uint16Array);
const aboutThorax = decode(data.aboutThorax, Uint8Array);
const keypoints = decode(data.keypoints, Float32Array);
const missing = decode(data.missing, Uint8Array);
// Where hips are in the camera's frame; null where the camera is not known.
const roots = data.root && decode(data.root, Int32Array);
const rootHypotheses = data.root && decode(data.rootHypotheses, Int32Array);

const numFrames = data.frames.length;
const lanes = new Map(data.lanes);
const people = [...lanes.keys()].sort((a, b) =>
  String(a).localeCompare(String(b), undefined, { numeric: true }));
const numLanes = 1 + Math.max(...lanes.values());
// `pose` is the hypothesis that is drawn as bones, null for the mode; `inScene` whether
// people stand where they are.
const state = {
  frame: 0, person: null, pose: null, playing: false,
  inScene: roots !== null && people.length > 1,
};
const isAlone = () => people.length === 1 || state.person !== null;

function rows(frame) {
  const found = [];
  for (let row = data.firstRow[frame]; row < data.firstRow[frame + 1]; row++) {
    if (state.person === null || data.person[row] === state.person) found.push(row);
  }
  return found;
}

// The pose of a row that is drawn as bones: where its numbers begin in an array.
function drawnPose(row) {
  return state.pose === null
    ? { array: mode, first: row * poseSize }
    : { array: hypotheses, first: (row * data.numHypotheses + state.pose) * poseSize };
}

// The colour bar ends at a round number that nearly all joints stay below.
const sorted = Float32Array.from(spread).sort();
const highest = sorted[Math.floor(0.995 * (sorted.length - 1))];
const unit = [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2500, 20000]
  .find((size) => 4 * size >= highest);
const maxSpread = 4 * unit;

function side(joint) {
  if (data.left.includes(joint)) return "left";
  return data.right.includes(joint) ? "right" : "middle";
}
