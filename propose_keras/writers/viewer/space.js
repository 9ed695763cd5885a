// The poses in 3D.
const column = (points, axis) => points.map((point) => point[axis]);
const colorscale = SCALE.map((color, i) => [i / (SCALE.length - 1), color]);

// Bones of poses, each { array, first, at }: its numbers, and what is added to them.
function lines(poses, chosen) {
  const x = [], y = [], z = [];
  for (const { array, first, at } of poses) {
    for (const bone of chosen) {
      for (const joint of bone) {
        const i = first + 3 * joint;
        x.push(array[i] + at[0]);
        y.push(array[i + 2] + at[1]);
        z.push(-array[i + 1] + at[2]);
      }
      x.push(null);
      y.push(null);
      z.push(null);
    }
  }
  return { x, y, z };
}

// All hypotheses of a row, around the hip of its mode; of somebody whose hips were not
// seen around the thorax, as the spread is counted.
function fan(row) {
  const at = place(row);
  const found = [];
  for (let s = 0; s < data.numHypotheses; s++) {
    const first = (row * data.numHypotheses + s) * poseSize;
    const by = [0, 1, 2].map((axis) => !aboutThorax[row] ? 0 :
      mode[row * poseSize + 3 * thorax + axis] - hypotheses[first + 3 * thorax + axis]);
    found.push({ array: hypotheses, first, at: [at[0] + by[0], at[1] + by[2], at[2] - by[1]] });
  }
  return found;
}

function traces() {
  const thick = thickness();
  const shown = rows(state.frame);
  const common = { type: "scatter3d", showlegend: false, hoverinfo: "skip" };
  const drawn = shown.map((row) => ({ ...drawnPose(row), at: place(row, state.pose) }));
  const result = [{
    ...common, ...lines(shown.flatMap(fan), bones), name: "hypotheses", mode: "lines",
    visible: $("show-hypotheses").checked,
    opacity: Math.min(0.55, Math.max(0.12, 5 / data.numHypotheses)),
    line: { color: data.colors.hypotheses, width: 1.5 },
  }];
  for (const which of ["middle", "left", "right"]) {
    result.push({
      ...common, name: which, mode: "lines", visible: $("show-mode").checked,
      ...lines(drawn, bones.filter(([, child]) => side(child) === which)),
      line: { color: data.colors[which], width: 8 * thick },
    });
  }
  const dots = { x: [], y: [], z: [], text: [], sizes: [], values: [], sides: [] };
  const labels = { x: [], y: [], z: [], text: [] };
  shown.forEach((row, number) => {
    const { array, first, at } = drawn[number];
    for (let joint = 0; joint < numJoints; joint++) {
      const i = first + 3 * joint;
      const value = spread[row * numJoints + joint];
      dots.x.push(array[i] + at[0]);
      dots.y.push(array[i + 2] + at[1]);
      dots.z.push(-array[i + 1] + at[2]);
      dots.sizes.push(thick * (8 + 12 * Math.sqrt(Math.min(1, value / maxSpread))));
      dots.values.push(value);
      dots.sides.push(data.colors[side(joint)]);
      dots.text.push(`${people.length > 1 ? `Person ${data.person[row]}, ` : ""}` +
        `<b>${data.joints[joint]}</b><br>` +
        `spread ${aboutThorax[row] ? "about the thorax " : ""}${value} mm<br>` +
        `from the hip: x ${array[i]}, y ${array[i + 1]}, z ${array[i + 2]} mm`);
    }
    // Above the head or, side by side, before the feet.
    const heights = dots.z.slice(-numJoints);
    labels.x.push(at[0]);
    labels.y.push(at[1] + (state.inScene ? 0 : extent.low[2] - 150 / thick));
    labels.z.push(state.inScene ? Math.max(...heights) + 170 / thick : floor().z + 50);
    labels.text.push(`person ${data.person[row]}`);
  });
  const isSpread = $("show-spread").checked;
  result.push({
    ...common, name: "joints", mode: "markers", hoverinfo: "text",
    x: dots.x, y: dots.y, z: dots.z, text: dots.text,
    visible: isSpread || $("show-mode").checked,
    marker: isSpread
      ? { size: dots.sizes, color: dots.values, cmin: 0, cmax: maxSpread, colorscale,
          opacity: 1, line: { color: "#ffffff", width: 1 } }
      : { size: 8 * thick, color: dots.sides, opacity: 1, line: { color: "#ffffff", width: 1 } },
  }, {
    ...common, ...labels, name: "people", mode: "text", visible: !isAlone(),
    textfont: { size: Math.max(9, Math.min(12, 14 * thick)), color: "#5b6575", family: FONT },
  }, ...paths(common), ...ground(common), ...triad(common));
  return result;
}

// On the floor, where each hip goes in all frames, and where it is.
function paths(common) {
  const height = floor().z + 4;
  const path = [], spots = [];
  const last = new Map();
  const byPerson = new Map();
  if (state.inScene) {
    for (let frame = 0; frame < numFrames; frame++) {
      for (const row of rows(frame)) {
        const person = data.person[row];
        if (!byPerson.has(person)) byPerson.set(person, []);
        const points = byPerson.get(person);
        // A gap where the person was not there.
        if (points.length && last.get(person) < frame - 1) points.push([null, null, null]);
        const [x, y] = place(row, state.pose);
        points.push([x, y, height]);
        if (frame === state.frame) spots.push([x, y, height]);
        last.set(person, frame);
      }
    }
    for (const points of byPerson.values()) path.push(...points, [null, null, null]);
  }
  const at = (points) =>
    ({ x: column(points, 0), y: column(points, 1), z: column(points, 2) });
  return [
    { ...common, ...at(path), name: "paths", mode: "lines", visible: state.inScene,
      line: { color: "#7c8aa0", width: 3 } },
    { ...common, ...at(spots), name: "spots", mode: "markers", visible: state.inScene,
      marker: { size: 4, color: "#3f4b5e" } },
  ];
}

function ground(common) {
  const { x, y, z } = floor();
  const [left, right, near, far] = [x[0], x.at(-1), y[0], y.at(-1)];
  const path = [
    ...x.flatMap((at) => [[at, near, z], [at, far, z], [null, null, null]]),
    ...y.flatMap((at) => [[left, at, z], [right, at, z], [null, null, null]]),
  ];
  return [{
    ...common, name: "grid", mode: "lines", line: { color: "#d5dbe4", width: 1.5 },
    x: column(path, 0), y: column(path, 1), z: column(path, 2),
  }];
}

// The camera's axes, at the near left corner of the floor.
function triad(common) {
  const { x: [left], y: [near], z } = floor();
  const length = 0.8 * gridSize();
  const origin = [left, near, z + length];
  const offsets = [[length, 0, 0], [0, 0, -length], [0, length, 0]];
  const ends = offsets.map((offset) => moved(origin, offset, 1));
  const tips = offsets.map((offset) => moved(origin, offset, 1.2));
  const path = ends.flatMap((end) => [origin, end, [null, null, null]]);
  return [{
    ...common, name: "axes", mode: "lines", line: { color: "#8b94a3", width: 3 },
    x: column(path, 0), y: column(path, 1), z: column(path, 2),
  }, {
    ...common, name: "axis names", mode: "text", text: ["x", "y", "z"],
    textfont: { size: 12, color: "#5b6575", family: FONT },
    x: column(tips, 0), y: column(tips, 1), z: column(tips, 2),
  }];
}

const view = { name: "angle", number: 0, isMoved: false };

function layout() {
  const { whole, unit } = scene();
  const axis = (i) => ({ range: whole[i], autorange: false, visible: false });
  const [x, y, z] = whole.map(([low, high]) => (high - low) / unit);
  return {
    margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "#ffffff", font: { family: FONT },
    hoverlabel: { bgcolor: "#1d2430", bordercolor: "#1d2430",
      font: { color: "#ffffff", family: FONT, size: 13 }, align: "left" },
    width: $("scene").clientWidth, height: $("scene").clientHeight,
    // Plotly keeps what the mouse turned while this stays the same.
    uirevision: view.number,
    scene: {
      xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), aspectmode: "manual",
      aspectratio: { x, y, z },
      camera: camera(view.name), dragmode: "turntable",
    },
  };
}

let drawing = false, again = false;

async function drawSpace() {
  if (drawing) {
    again = true;
    return;
  }
  drawing = true;
  try {
    do {
      again = false;
      const frame = state.frame;
      await Plotly.react($("scene"), traces(), layout(),
        { displayModeBar: false, scrollZoom: true });
      document.documentElement.dataset.drawn = frame;
    } while (again);
  } finally {
    drawing = false;
  }
}

function look(name) {
  Object.assign(view, { name, number: view.number + 1, isMoved: false });
  return drawSpace();
}

