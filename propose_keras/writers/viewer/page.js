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

async function show(frame) {
  state.frame = Math.min(numFrames - 1, Math.max(0, frame));
  $("slider").value = state.frame;
  $("frame-name").textContent = data.frames[state.frame];
  $("counter").textContent = `${state.frame + 1} / ${numFrames}`;
  const absent = rows(state.frame).length === 0;
  $("absent").hidden = !absent;
  if (absent) $("absent").textContent = `Person ${state.person} is not in this frame.`;
  describeSpread();
  await fetchPicture(state.frame);
  drawImage();
  return drawSpace();
}

// The spread of somebody whose hips were not seen is counted about the thorax.
function describeSpread() {
  const about = rows(state.frame).map((row) => aboutThorax[row]);
  let text = "Spread of each joint";
  if (about.some((one) => one)) {
    text = "Spread about the thorax" +
      (about.every((one) => one) ? " (hips not seen)" : " where hips are not seen");
  }
  $("spread-text").textContent = text;
}

// What is drawn as bones: the mode, or a hypothesis, which keeps its number as time goes.
function choosePose() {
  const chosen = $("pose").value;
  state.pose = chosen === "" ? null : Number(chosen);
  const name = state.pose === null ? "Mode" : `Hypothesis ${state.pose + 1}`;
  $("mode-text").textContent = `${name}: left, middle, right`;
  $("no-motion").hidden = state.pose === null || data.areMotions !== false;
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
    `floor grid ${gridSize()} mm`,
  ];
  if (state.inScene) {
    parts.push("people stand where they are in the camera's frame, by the focal length " +
      "given or assumed; the floor is parallel to the camera's x and z");
  } else if (!isAlone()) {
    parts.push(`people stand side by side${numLanes > columns ? " in rows" : ""}, left to ` +
      "right as in the image; the gaps between them say nothing");
  }
  if (data.picturesNote) parts.push(data.picturesNote);
  if (data.numSkipped) {
    parts.push(`${count(data.numSkipped, "person", "people")} left out for too few joints`);
  }
  $("caption").textContent = "";
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
  const option = (list, value, text) => {
    const element = document.createElement("option");
    element.value = value;
    element.textContent = text;
    $(list).append(element);
  };
  option("person", "", `all ${people.length}`);
  for (const person of people) option("person", person, person);
  option("pose", "", "mode");
  for (let s = 0; s < data.numHypotheses; s++) option("pose", s, `hypothesis ${s + 1}`);
  option("places", "scene", "in the scene");
  option("places", "apart", people.length > 1 ? "side by side" : "at the hip");
  $("places").value = state.inScene ? "scene" : "apart";
  $("places-label").hidden = roots === null;
  choosePose();
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
    caption();
    look("angle");
    show(state.frame);
  });
  $("places").addEventListener("change", () => {
    state.inScene = $("places").value === "scene";
    caption();
    look("angle");
  });
  $("pose").addEventListener("change", () => {
    choosePose();
    // Another hypothesis is in other places; a view that the mouse turned stays.
    if (state.inScene && !view.isMoved) look(view.name);
    else drawSpace();
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
