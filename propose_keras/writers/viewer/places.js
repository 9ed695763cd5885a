// Where people are drawn. Plotly's axes are right, forward, up; the camera's are right,
// down, forward.

// What nearly all of some rows' poses stay within: of each row the place of its hip, and
// the array and the number of poses in it that are looked at.
function limits(chosen, share) {
  const low = [[], [], []], high = [[], [], []];
  for (const { array, first, size, hip } of chosen) {
    for (let axis = 0; axis < 3; axis++) {
      let least = 0, most = 0;
      for (let i = first + axis; i < first + size; i += 3) {
        least = Math.min(least, array[i]);
        most = Math.max(most, array[i]);
      }
      low[axis].push(hip[axis] + least);
      high[axis].push(hip[axis] + most);
    }
  }
  const quantile = (values, at) =>
    Float32Array.from(values).sort()[Math.round(at * (values.length - 1))];
  return {
    low: low.map((values) => quantile(values, 1 - share)),
    high: high.map((values) => quantile(values, share)),
  };
}

// Of a row's mode or, where one is chosen, hypothesis.
const rootOf = (row, pose = null) => [0, 1, 2].map((axis) => pose === null
  ? roots[3 * row + axis] : rootHypotheses[3 * (row * data.numHypotheses + pose) + axis]);
const everyRow = data.person.map((_, row) => row);
const modesOf = (chosen) => chosen.map((row) =>
  ({ array: mode, first: row * poseSize, size: poseSize, hip: [0, 0, 0] }));
const fansOf = (chosen, hip) => chosen.map((row) => ({
  array: hypotheses, first: row * data.numHypotheses * poseSize,
  size: data.numHypotheses * poseSize, hip: hip(row),
}));

// Of poses around their hips.
const extent = limits(modesOf(everyRow), 0.97);
const gaps = [0, 1, 2].map((axis) =>
  Math.max(900, 1.15 * (extent.high[axis] - extent.low[axis])));
const columns = numLanes <= 6 ? numLanes : Math.ceil(Math.sqrt(2 * numLanes));

// Around everybody's poses that are drawn as bones (`near`) and the fans (`far`) in all
// frames: nothing jumps.
const boxes = new Map();

function box(which) {
  const key = state.inScene ? `${state.pose} of ${state.person}` : `lanes ${isAlone()}`;
  if (!boxes.has(key)) boxes.set(key, state.inScene ? sceneBox() : lanesBox());
  return boxes.get(key)[which];
}

const upright = ({ low, high }, right = 0, back = 0) =>
  [[low[0], high[0] + right], [low[2], high[2] + back], [-high[1], -low[1]]];

function sceneBox() {
  const chosen = everyRow.filter((row) =>
    state.person === null || data.person[row] === state.person);
  const drawn = chosen.map((row) =>
    ({ ...drawnPose(row), size: poseSize, hip: rootOf(row, state.pose) }));
  const fans = fansOf(chosen, (row) => rootOf(row));
  return { near: upright(limits(drawn, 0.985)),
    far: upright(limits([...drawn, ...fans], 1)) };
}

function lanesBox() {
  const used = isAlone() ? 1 : numLanes;
  const right = (Math.min(used, columns) - 1) * gaps[0];
  const back = (Math.ceil(used / columns) - 1) * gaps[2];
  const all = [...modesOf(everyRow), ...fansOf(everyRow, () => [0, 0, 0])];
  return { near: upright(extent, right, back), far: upright(limits(all, 1), right, back) };
}

// What is added to a row's pose, in plotly's axes. A hypothesis that is drawn as bones has
// a place of its own; the fan is drawn around the mode's.
function place(row, pose = null) {
  if (state.inScene) {
    const [right, down, forward] = rootOf(row, pose);
    return [right, forward, -down];
  }
  if (isAlone()) return [0, 0, 0];
  const lane = lanes.get(data.person[row]);
  return [(lane % columns) * gaps[0], Math.floor(lane / columns) * gaps[2], 0];
}

// Side of the floor's tiles.
function gridSize() {
  const [[left, right], [near, far]] = box("near");
  const size = Math.max(right - left, far - near);
  return [250, 500, 1000, 2000, 5000].find((tile) => size < 24 * tile) ?? 10000;
}

function floor() {
  const [across, deep, [height]] = box("near");
  const grid = gridSize();
  const tiles = ([low, high]) => {
    const first = Math.floor((low - 150) / grid), last = Math.ceil((high + 150) / grid);
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * grid);
  };
  return { x: tiles(across), y: tiles(deep), z: height - 40 };
}

// People far away have thinner bones.
function thickness() {
  const [[left, right], [near, far]] = box("near");
  const used = state.inScene
    ? Math.max(1, (right - left + far - near) / 1800)
    : isAlone() ? 1 : Math.min(numLanes, columns);
  const { clientWidth, clientHeight } = $("scene");
  return Math.min(1.2, Math.max(0.5, Math.min(clientWidth / used / 280, clientHeight / 560)));
}

const VIEWS = {
  angle: [-0.4, -1, 0.24], camera: [0, -1, 0], side: [-1, -0.02, 0.06], top: [0, -0.02, 1],
};

// Plotly measures the whole scene in heights of its box, from the box's middle.
function scene() {
  const { x, y, z } = floor();
  const ranges = box("far");
  const whole = [x, y, [z - 150, ranges[2][1]]].map((ends, axis) => [
    Math.min(ranges[axis][0], ends[0]) - 20, Math.max(ranges[axis][1], ends.at(-1)) + 20,
  ]);
  return { whole, unit: whole[2][1] - whole[2][0] };
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [0, 1, 2].map((i) =>
  a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3]);
const unitary = (a) => a.map((value) => value / Math.hypot(...a));
const moved = (a, b, by) => a.map((value, axis) => value + by * b[axis]);

// As close as the floor and everybody on it are seen whole.
function camera(name) {
  const { whole, unit } = scene();
  const { x, y, z } = floor();
  const seen = [[x[0], x.at(-1)], [y[0], y.at(-1)], [z, box("near")[2][1] + (state.inScene ? 320 : 60)]];
  const corners = Array.from({ length: 8 }, (_, corner) => seen.map((ends, axis) =>
    (ends[(corner >> axis) & 1] - (whole[axis][0] + whole[axis][1]) / 2) / unit));
  const backward = unitary(VIEWS[name]);
  const right = unitary(cross([0, 0, 1], backward));
  const up = cross(backward, right);
  const { clientWidth, clientHeight } = $("scene");
  const half = 0.92 * Math.tan(Math.PI / 8); // Plotly sees 45 degrees from top to bottom.
  const aspect = Math.max(1, clientWidth) / Math.max(1, clientHeight);
  let center = [0, 0, 0], distance = 10;
  for (let round = 0; round < 20; round++) {
    const eye = moved(center, backward, distance);
    const offsets = corners.map((corner) => moved(corner, eye, -1));
    const across = offsets.map((offset) => -dot(offset, right) / dot(offset, backward));
    const upward = offsets.map((offset) => -dot(offset, up) / dot(offset, backward));
    const middle = (values) => (Math.max(...values) + Math.min(...values)) / 2;
    const size = (values) => (Math.max(...values) - Math.min(...values)) / 2;
    const nearest = Math.min(...offsets.map((offset) => -dot(offset, backward)));
    center = moved(center, right, middle(across) * distance);
    center = moved(center, up, middle(upward) * distance);
    // Shares of the picture change with the distance to the nearest corner.
    const wanted = Math.max(size(across) / aspect, size(upward)) / half;
    distance += nearest * (wanted - 1);
  }
  const point = ([x, y, z]) => ({ x, y, z });
  return { eye: point(moved(center, backward, distance)), center: point(center),
    up: { x: 0, y: 0, z: 1 } };
}
