"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const numJoints = data.joints.length;
  const bones = data.parents.map((parent, child) => [parent, child])
    .filter(([parent]) => parent >= 0);
  const SCALE = ["#fbd07c", "#fba35c", "#ee6a66", "#b63a80", "#6a1f7c", "#2b0f4e"];
  const FONT = getComputedStyle(document.body).fontFamily;

  function decode(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Kind(bytes.buffer);
  }
  const mode = decode(data.mode, Int16Array);
  const hypotheses = decode(data.hypotheses, Int16Array);
  const spread = decode(data.spread, Uint16Array);
  const keypoints = decode(data.keypoints, Float32Array);
  const missing = decode(data.missing, Uint8Array);

  // What is shown.
  const numFrames = data.frames.length;
  const lanes = new Map(data.lanes);
  const people = [...lanes.keys()].sort((a, b) =>
    String(a).localeCompare(String(b), undefined, { numeric: true }));
  const numLanes = 1 + Math.max(...lanes.values());
  const state = { frame: 0, person: null, playing: false };
  const isAlone = () => people.length === 1 || state.person !== null;

  function rows(frame) {
    const found = [];
    for (let row = data.firstRow[frame]; row < data.firstRow[frame + 1]; row++) {
      if (state.person === null || data.person[row] === state.person) found.push(row);
    }
    return found;
  }

  // Space. Plotly's axes are right, forward, up; the camera's are right, down, forward.
  // What nearly all of the poses, `size` numbers each, stay within.
  function limits(array, size, share) {
    const low = [[], [], []], high = [[], [], []];
    for (let first = 0; first < array.length; first += size) {
      for (let axis = 0; axis < 3; axis++) {
        let least = 0, most = 0;
        for (let i = first + axis; i < first + size; i += 3) {
          least = Math.min(least, array[i]);
          most = Math.max(most, array[i]);
        }
        low[axis].push(least);
        high[axis].push(most);
      }
    }
    const quantile = (values, at) =>
      Float32Array.from(values).sort()[Math.round(at * (values.length - 1))];
    return {
      low: low.map((values) => quantile(values, 1 - share)),
      high: high.map((values) => quantile(values, share)),
    };
  }
  const poseSize = 3 * numJoints;
  const extent = limits(mode, poseSize, 0.97);
  const reach = limits(hypotheses, poseSize, 1);
  const modeReach = limits(mode, poseSize, 1);
  for (const axis of [0, 1, 2]) {
    reach.low[axis] = Math.min(reach.low[axis], modeReach.low[axis]);
    reach.high[axis] = Math.max(reach.high[axis], modeReach.high[axis]);
  }
  const gaps = [0, 1, 2].map((axis) =>
    Math.max(900, 1.15 * (extent.high[axis] - extent.low[axis])));
  const columns = numLanes <= 6 ? numLanes : Math.ceil(Math.sqrt(2 * numLanes));

  function place(person) {
    if (isAlone()) return [0, 0];
    const lane = lanes.get(person);
    return [(lane % columns) * gaps[0], Math.floor(lane / columns) * gaps[2]];
  }

  // Around everybody's modes, or hypotheses too, in all frames: nothing jumps.
  function box({ low, high }) {
    const used = isAlone() ? 1 : numLanes;
    const right = (Math.min(used, columns) - 1) * gaps[0];
    const back = (Math.ceil(used / columns) - 1) * gaps[2];
    return [[low[0], high[0] + right], [low[2], high[2] + back], [-high[1], -low[1]]];
  }

  const GRID = 250;

  function floor() {
    const [across, deep, [height]] = box(extent);
    const tiles = ([low, high]) => {
      const first = Math.floor((low - 150) / GRID), last = Math.ceil((high + 150) / GRID);
      return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * GRID);
    };
    return { x: tiles(across), y: tiles(deep), z: height - 40 };
  }

  function lines(array, firsts, chosen) {
    const x = [], y = [], z = [];
    for (const { first, person } of firsts) {
      const [right, back] = place(person);
      for (const bone of chosen) {
        for (const joint of bone) {
          const i = first + 3 * joint;
          x.push(array[i] + right);
          y.push(array[i + 2] + back);
          z.push(-array[i + 1]);
        }
        x.push(null);
        y.push(null);
        z.push(null);
      }
    }
    return { x, y, z };
  }

  const column = (points, axis) => points.map((point) => point[axis]);

  function side(joint) {
    if (data.left.includes(joint)) return "left";
    return data.right.includes(joint) ? "right" : "middle";
  }

  // The colour bar ends at a round number that nearly all joints stay below.
  const sorted = Float32Array.from(spread).sort();
  const highest = sorted[Math.floor(0.995 * (sorted.length - 1))];
  const unit = [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2500, 20000]
    .find((size) => 4 * size >= highest);
  const maxSpread = 4 * unit;
  const colorscale = SCALE.map((color, i) => [i / (SCALE.length - 1), color]);

  // People far away have thinner bones.
  function thickness() {
    const used = isAlone() ? 1 : Math.min(numLanes, columns);
    const { clientWidth, clientHeight } = $("scene");
    return Math.min(1.2, Math.max(0.5, Math.min(clientWidth / used / 280, clientHeight / 560)));
  }

  function traces() {
    const thick = thickness();
    const shown = rows(state.frame);
    const fan = [];
    for (const row of shown) {
      for (let s = 0; s < data.numHypotheses; s++) {
        fan.push({ first: (row * data.numHypotheses + s) * poseSize, person: data.person[row] });
      }
    }
    const modes = shown.map((row) => ({ first: row * poseSize, person: data.person[row] }));
    const common = { type: "scatter3d", showlegend: false, hoverinfo: "skip" };
    const result = [{
      ...common, ...lines(hypotheses, fan, bones), name: "hypotheses", mode: "lines",
      visible: $("show-hypotheses").checked,
      opacity: Math.min(0.55, Math.max(0.12, 5 / data.numHypotheses)),
      line: { color: data.colors.hypotheses, width: 1.5 },
    }];
    for (const which of ["middle", "left", "right"]) {
      result.push({
        ...common, name: which, mode: "lines", visible: $("show-mode").checked,
        ...lines(mode, modes, bones.filter(([, child]) => side(child) === which)),
        line: { color: data.colors[which], width: 8 * thick },
      });
    }
    const dots = { x: [], y: [], z: [], text: [], sizes: [], values: [], sides: [] };
    const labels = { x: [], y: [], z: [], text: [] };
    for (const row of shown) {
      const [right, back] = place(data.person[row]);
      for (let joint = 0; joint < numJoints; joint++) {
        const at = (row * numJoints + joint) * 3;
        const value = spread[row * numJoints + joint];
        dots.x.push(mode[at] + right);
        dots.y.push(mode[at + 2] + back);
        dots.z.push(-mode[at + 1]);
        dots.sizes.push(thick * (8 + 12 * Math.sqrt(Math.min(1, value / maxSpread))));
        dots.values.push(value);
        dots.sides.push(data.colors[side(joint)]);
        dots.text.push(`${people.length > 1 ? `Person ${data.person[row]}, ` : ""}` +
          `<b>${data.joints[joint]}</b><br>spread ${value} mm<br>` +
          `x ${mode[at]}, y ${mode[at + 1]}, z ${mode[at + 2]} mm`);
      }
      labels.x.push(right);
      labels.y.push(back + extent.low[2] - 150 / thick);
      labels.z.push(floor().z + 50);
      labels.text.push(`person ${data.person[row]}`);
    }
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
    }, ...ground(common), ...triad(common));
    return result;
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
    const length = 200;
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

  const VIEWS = {
    angle: [-0.4, -1, 0.24], camera: [0, -1, 0], side: [-1, -0.02, 0.06], top: [0, -0.02, 1],
  };

  // Plotly measures the whole scene in heights of its box, from the box's middle.
  function scene() {
    const { x, y, z } = floor();
    const ranges = box(reach);
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
    const seen = [[x[0], x.at(-1)], [y[0], y.at(-1)], [z, box(extent)[2][1] + 60]];
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

  // The image.
  function context(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    return { pen, width, height };
  }

  function bounds(chosen) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const row of chosen) {
      for (let i = row * numJoints * 2; i < (row + 1) * numJoints * 2; i += 2) {
        left = Math.min(left, keypoints[i]);
        right = Math.max(right, keypoints[i]);
        top = Math.min(top, keypoints[i + 1]);
        bottom = Math.max(bottom, keypoints[i + 1]);
      }
    }
    return { left, top, right, bottom };
  }

  // All people: all of the image they ever cover. One person: as much as that person ever
  // covers, around where the person is.
  function window2d() {
    const every = data.person.map((_, row) => row);
    if (!isAlone()) return bounds(every);
    const person = state.person ?? people[0];
    let width = 0, height = 0;
    for (const row of every.filter((row) => data.person[row] === person)) {
      const one = bounds([row]);
      width = Math.max(width, one.right - one.left);
      height = Math.max(height, one.bottom - one.top);
    }
    const shown = rows(state.frame);
    if (!shown.length) return null;
    const now = bounds(shown);
    const x = (now.left + now.right) / 2, y = (now.top + now.bottom) / 2;
    return { left: x - width / 2, right: x + width / 2,
      top: y - height / 2, bottom: y + height / 2 };
  }

  function drawImage() {
    const { pen, width, height } = context($("keypoints"));
    const target = window2d();
    if (!target) return;
    const zoom = 0.86 * Math.min(
      width / Math.max(1, target.right - target.left),
      height / Math.max(1, target.bottom - target.top));
    const toX = (x) => width / 2 + zoom * (x - (target.left + target.right) / 2);
    const toY = (y) => height / 2 + zoom * (y - (target.top + target.bottom) / 2);
    grid(pen, width, height, zoom, toX, toY);
    pen.lineCap = "round";
    for (const row of rows(state.frame)) {
      const at = (joint) => {
        const i = (row * numJoints + joint) * 2;
        return [toX(keypoints[i]), toY(keypoints[i + 1])];
      };
      const { top, bottom } = bounds([row]);
      const thick = Math.min(1, Math.max(0.35, (zoom * (bottom - top)) / 130));
      const isMissing = (joint) => missing[row * numJoints + joint] === 1;
      for (const [parent, child] of bones) {
        pen.strokeStyle = data.colors[side(child)];
        pen.lineWidth = 3 * thick;
        pen.setLineDash(isMissing(parent) || isMissing(child) ? [3, 6] : []);
        pen.beginPath();
        pen.moveTo(...at(parent));
        pen.lineTo(...at(child));
        pen.stroke();
      }
      for (let joint = 0; joint < numJoints; joint++) {
        const color = data.colors[side(joint)];
        pen.beginPath();
        pen.arc(...at(joint), thick * (isMissing(joint) ? 5.5 : 4), 0, 2 * Math.PI);
        pen.fillStyle = isMissing(joint) ? "#ffffff" : color;
        pen.strokeStyle = isMissing(joint) ? color : "#ffffff";
        pen.lineWidth = thick * (isMissing(joint) ? 2 : 1);
        pen.setLineDash(isMissing(joint) ? [3, 2] : []);
        pen.fill();
        pen.stroke();
      }
    }
  }

  function grid(pen, width, height, zoom, toX, toY) {
    const gap = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((g) => g * zoom >= 52)
      ?? 10000;
    pen.strokeStyle = "#edf0f4";
    pen.fillStyle = "#8b94a3";
    pen.lineWidth = 1;
    pen.font = `11px ${FONT}`;
    const first = (origin) => Math.ceil(-origin / zoom / gap) * gap;
    for (let x = first(toX(0)); toX(x) < width; x += gap) {
      pen.beginPath();
      pen.moveTo(toX(x), 0);
      pen.lineTo(toX(x), height);
      pen.stroke();
      if (toX(x) < width - 34) pen.fillText(`${x}`, toX(x) + 3, height - 3);
    }
    for (let y = first(toY(0)); toY(y) < height; y += gap) {
      pen.beginPath();
      pen.moveTo(0, toY(y));
      pen.lineTo(width, toY(y));
      pen.stroke();
      if (toY(y) > 14 && toY(y) < height - 18) pen.fillText(`${y}`, 2, toY(y) - 3);
    }
    pen.textAlign = "right";
    pen.fillText("px", width - 2, height - 3);
    pen.textAlign = "left";
  }

  // Time.
  function drawTrend() {
    const { pen, width, height } = context($("trend"));
    const inset = 8; // Half of the slider's knob.
    const means = data.frames.map((_, frame) => {
      const shown = rows(frame);
      let sum = 0;
      for (const row of shown) {
        for (let joint = 0; joint < numJoints; joint++) sum += spread[row * numJoints + joint];
      }
      return shown.length ? sum / shown.length / numJoints : null;
    });
    const top = Math.max(1, ...means);
    const at = (frame) => inset + (frame / Math.max(1, numFrames - 1)) * (width - 2 * inset);
    const up = (value) => height - 1 - (value / top) * (height - 15);
    pen.fillStyle = "#b63a8022";
    pen.strokeStyle = "#b63a80";
    pen.lineWidth = 1.5;
    for (let start = 0; start < numFrames; start++) {
      if (means[start] === null) continue;
      let end = start;
      while (end + 1 < numFrames && means[end + 1] !== null) end++;
      pen.beginPath();
      for (let frame = start; frame <= end; frame++) pen.lineTo(at(frame), up(means[frame]));
      pen.stroke();
      pen.lineTo(at(end), height);
      pen.lineTo(at(start), height);
      pen.fill();
      start = end;
    }
    pen.fillStyle = "#8b94a3";
    pen.font = `11px ${FONT}`;
    const words = width < 240 ? "up to" : "mean spread, up to";
    pen.fillText(`${words} ${Math.round(top)} mm`, inset, 9);
  }

  function show(frame) {
    state.frame = Math.min(numFrames - 1, Math.max(0, frame));
    $("slider").value = state.frame;
    $("frame-name").textContent = data.frames[state.frame];
    $("counter").textContent = `${state.frame + 1} / ${numFrames}`;
    const absent = rows(state.frame).length === 0;
    $("absent").hidden = !absent;
    if (absent) $("absent").textContent = `Person ${state.person} is not in this frame.`;
    drawImage();
    return drawSpace();
  }

  function play(playing) {
    state.playing = playing;
    $("play").classList.toggle("playing", playing);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    if (playing) tick();
  }

  async function tick() {
    if (!state.playing) return;
    const start = performance.now();
    await show((state.frame + 1) % numFrames);
    const left = 1000 / Number($("speed").value) - (performance.now() - start);
    setTimeout(tick, Math.max(0, left));
  }

  const stepBy = (count) => {
    play(false);
    show(state.frame + count);
  };

  // The page.
  function caption() {
    const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;
    const parts = [
      numFrames === data.numFrames
        ? count(numFrames, "frame", "frames")
        : `${numFrames} of ${data.numFrames} frames, one in ${data.stride}`,
      data.numHypotheses === data.numDrawn
        ? `S = ${data.numDrawn} hypotheses`
        : `the first ${data.numHypotheses} of S = ${data.numDrawn} hypotheses`,
      `axes of the ${data.axes}`,
      `floor grid ${GRID} mm`,
    ];
    if (people.length > 1) {
      parts.push(`people stand side by side${numLanes > columns ? " in rows" : ""}, left to ` +
        "right as in the image; the gaps between them say nothing");
    }
    if (data.numSkipped) {
      parts.push(`${count(data.numSkipped, "person", "people")} left out for too few joints`);
    }
    for (const part of parts) {
      const span = document.createElement("span");
      span.textContent = part;
      $("caption").append(span);
    }
  }

  function fill() {
    document.title = data.title;
    $("title").textContent = data.title;
    $("hypotheses-text").textContent =
      data.numHypotheses === 1 ? "1 hypothesis" : `${data.numHypotheses} hypotheses`;
    document.documentElement.style.setProperty("--hypotheses", data.colors.hypotheses);
    const swatches = document.querySelectorAll(".bones i");
    ["left", "middle", "right"].forEach((which, i) => {
      swatches[i].style.background = data.colors[which];
    });
    document.querySelectorAll(".dots i").forEach((dot, i) => {
      dot.style.background = SCALE[[0, 2, 4][i]];
    });
    document.querySelector(".bar").style.background =
      `linear-gradient(to right, ${SCALE.join(", ")})`;
    for (let i = 0; i <= 4; i++) {
      const tick = document.createElement("span");
      tick.textContent = i < 4 ? i * unit : `${i * unit} mm`;
      document.querySelector(".ticks").append(tick);
    }
    const option = (value, text) => {
      const element = document.createElement("option");
      element.value = value;
      element.textContent = text;
      $("person").append(element);
    };
    option("", `all ${people.length}`);
    for (const person of people) option(person, person);
    $("person-label").hidden = people.length === 1;
    $("slider").max = numFrames - 1;
    for (const id of ["slider", "play", "next", "previous"]) $(id).disabled = numFrames === 1;
    caption();
  }

  function listen() {
    $("slider").addEventListener("input", () => stepBy(Number($("slider").value) - state.frame));
    $("play").addEventListener("click", () => play(!state.playing));
    $("next").addEventListener("click", () => stepBy(1));
    $("previous").addEventListener("click", () => stepBy(-1));
    for (const id of ["show-hypotheses", "show-mode", "show-spread"]) {
      $(id).addEventListener("change", () => {
        $("scale").classList.toggle("off", !$("show-spread").checked);
        drawSpace();
      });
    }
    $("person").addEventListener("change", () => {
      const chosen = $("person").value;
      state.person = people.find((person) => String(person) === chosen) ?? null;
      drawTrend();
      look("angle");
      show(state.frame);
    });
    for (const button of document.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => look(button.dataset.view));
    }
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const kind = event.target.tagName;
      const isSlider = event.target === $("slider");
      if (event.key === " " && !(kind === "BUTTON" || kind === "SELECT" ||
          (kind === "INPUT" && !isSlider))) {
        event.preventDefault();
        if (numFrames > 1) play(!state.playing);
      }
      const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -numFrames, End: numFrames };
      if (event.key in steps && !isSlider && kind !== "SELECT") {
        event.preventDefault();
        stepBy(steps[event.key]);
      }
    });
    const observer = new ResizeObserver(() => {
      drawImage();
      drawTrend();
      // A view that the mouse turned stays; another is fitted to the new size.
      if (view.isMoved) drawSpace();
      else look(view.name);
    });
    for (const id of ["scene", "keypoints", "trend"]) observer.observe($(id));
  }

  fill();
  listen();
  drawTrend();
  // A link may name a frame, counted from 1: page.html#frame=12.
  const wanted = /^#frame=(\d+)$/.exec(location.hash);
  await show(wanted ? Number(wanted[1]) - 1 : 0);
  $("scene").on("plotly_relayout", (change) => {
    if (change["scene.camera"]) view.isMoved = true;
  });
})();
