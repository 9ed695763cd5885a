// The keypoints, over the picture that they were found in where there is one.

// For each frame the picture to show, by its place in `data.pictures`; -1: none yet.
const pictureOf = [];
for (let frame = 0, next = 0; frame < numFrames; frame++) {
  if (next < data.pictures.length && data.pictures[next].frame === frame) next++;
  pictureOf.push(next - 1);
}
const picture = { place: -1, element: null };

// Gets the picture of a frame ready to be drawn.
async function fetchPicture(frame) {
  const place = pictureOf[frame];
  if (place === picture.place) return;
  let element = null;
  if (place >= 0) {
    element = new Image();
    element.src = `data:image/jpeg;base64,${data.pictures[place].jpeg}`;
    await element.decode();
  }
  Object.assign(picture, { place, element });
}

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
  const every = everyRow;
  if (picture.element && state.person === null) {
    const { width, height } = data.pictures[picture.place];
    return { left: 0, top: 0, right: width, bottom: height };
  }
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
  const margin = picture.element && state.person === null ? 1 : 0.86;
  const zoom = margin * Math.min(
    width / Math.max(1, target.right - target.left),
    height / Math.max(1, target.bottom - target.top));
  const toX = (x) => width / 2 + zoom * (x - (target.left + target.right) / 2);
  const toY = (y) => height / 2 + zoom * (y - (target.top + target.bottom) / 2);
  if (picture.element) {
    const { frame, width: across, height: down } = data.pictures[picture.place];
    // One of an earlier frame is pale: the keypoints need not fit.
    pen.globalAlpha = frame === state.frame ? 1 : 0.35;
    pen.drawImage(picture.element, toX(0), toY(0), zoom * across, zoom * down);
    pen.globalAlpha = 1;
  } else {
    grid(pen, width, height, zoom, toX, toY);
  }
  pen.lineCap = "round";
  for (const row of rows(state.frame)) {
    const at = (joint) => {
      const i = (row * numJoints + joint) * 2;
      return [toX(keypoints[i]), toY(keypoints[i + 1])];
    };
    const { top, bottom } = bounds([row]);
    const thick = Math.min(1, Math.max(0.35, (zoom * (bottom - top)) / 130));
    const isMissing = (joint) => missing[row * numJoints + joint] === 1;
    // Over pictures all bones have an outline.
    for (const outlined of picture.element ? [true, false] : [false]) {
      for (const [parent, child] of bones) {
        const isGuess = isMissing(parent) || isMissing(child);
        pen.strokeStyle = outlined ? "#ffffffb0" : data.colors[side(child)];
        pen.lineWidth = (outlined ? 5.5 : 3) * thick;
        pen.setLineDash(isGuess ? [3, 6] : []);
        pen.beginPath();
        pen.moveTo(...at(parent));
        pen.lineTo(...at(child));
        pen.stroke();
      }
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

