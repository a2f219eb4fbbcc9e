// Paints on a small copy of the picture: a layer for what stays, and one for each style. What is
// painted is in the component's value: { of: which picture, layers: { role: PNG, white where painted },
// picture: what is shown, brushes: [{ role, label }] }.
const canvas = element.querySelector('canvas');
const list = element.querySelector('.brushes');
const width = element.querySelector('input[type=range]');
const pen = canvas.getContext('2d');
const tint = document.createElement('canvas');
const ERASER = '';
let shown = null; // the picture
let layers = {}; // canvases by role
let role = 'keep';
let at = null; // where the brush is, in pixels of the canvas
let down = false;
let past = []; // what was painted before, for Undo
let latest = 0;
let offered = '';

function value() {
  return { layers: {}, brushes: [], picture: '', ...props.value };
}

function opened(url) {
  return new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => resolve(null);
    image.src = url;
  });
}

function blank() {
  return Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
}

function colorOf(name) {
  const number = value().brushes.findIndex(each => each.role === name);
  return ['#0f9f8f', '#ea580c', '#7c3aed', '#2563eb', '#db2777'][number] || '#57534e';
}

function draw() {
  pen.globalAlpha = 1;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (shown) pen.drawImage(shown, 0, 0, canvas.width, canvas.height);
  for (const { role: name } of value().brushes) {
    if (!layers[name]) continue;
    Object.assign(tint, { width: canvas.width, height: canvas.height });
    const color = tint.getContext('2d');
    color.drawImage(layers[name], 0, 0);
    color.globalCompositeOperation = 'source-in';
    color.fillStyle = colorOf(name);
    color.fillRect(0, 0, tint.width, tint.height);
    pen.globalAlpha = 0.65;
    pen.drawImage(tint, 0, 0);
  }
  if (at) ring();
}

function ring() {
  pen.globalAlpha = 1;
  for (const [color, wide] of [['#000', 3], ['#fff', 1.5]]) {
    pen.beginPath();
    pen.arc(at.x, at.y, radius(), 0, 7);
    Object.assign(pen, { strokeStyle: color, lineWidth: wide });
    pen.stroke();
  }
}

function radius() {
  return (width.value / 200) * Math.min(canvas.width, canvas.height);
}

function stroke(from, to) {
  if (role !== ERASER) layers[role] ||= blank();
  for (const [name, layer] of Object.entries(layers)) {
    const brush = layer.getContext('2d');
    brush.globalCompositeOperation = name === role ? 'source-over' : 'destination-out';
    Object.assign(brush, { lineCap: 'round', lineWidth: 2 * radius(), strokeStyle: '#fff' });
    brush.beginPath();
    brush.moveTo(from.x, from.y);
    brush.lineTo(to.x, to.y + 0.01);
    brush.stroke();
  }
}

function painted(layer) {
  const data = layer.getContext('2d').getImageData(0, 0, layer.width, layer.height).data;
  for (let i = 3; i < data.length; i += 4) if (data[i]) return true;
  return false;
}

function remember() {
  past = [...past.slice(-19), value().layers];
}

function tell() {
  const said = {};
  for (const [name, layer] of Object.entries(layers)) {
    if (painted(layer)) said[name] = layer.toDataURL('image/png');
  }
  props.value = { ...value(), layers: said };
}

function say(said) {
  props.value = { ...value(), layers: said };
  refresh();
}

async function refresh() {
  const turn = ++latest;
  const { picture, layers: said } = value();
  const image = picture ? await opened(picture) : null;
  const made = {};
  for (const name of Object.keys(said)) made[name] = await opened(said[name]);
  if (turn !== latest) return; // there is something newer
  if (!shown || !image || image.src !== shown.src) {
    past = [];
    at = null;
  }
  shown = image;
  element.querySelector('.easel').hidden = !image;
  element.querySelector('.nothing').hidden = !!image;
  if (image) Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight });
  layers = {};
  for (const [name, mask] of Object.entries(made)) {
    if (!mask) continue;
    layers[name] = blank();
    layers[name].getContext('2d').drawImage(mask, 0, 0, canvas.width, canvas.height);
  }
  offer();
  draw();
}

function offer() {
  const brushes = [...value().brushes, { role: ERASER, label: 'Eraser' }];
  if (JSON.stringify(brushes) === offered) return;
  offered = JSON.stringify(brushes);
  if (!brushes.some(each => each.role === role)) role = 'keep';
  list.querySelectorAll('label').forEach(each => each.remove());
  for (const each of brushes) {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'brush' });
    const chip = document.createElement('i');
    input.checked = each.role === role;
    input.addEventListener('change', () => { role = each.role; });
    chip.style.background = each.role === ERASER ? 'none' : colorOf(each.role);
    label.append(input, chip, each.label);
    list.append(label);
  }
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) * canvas.width) / box.width,
    y: ((event.clientY - box.top) * canvas.height) / box.height,
  };
}

canvas.addEventListener('pointerdown', event => {
  if (!shown || event.button) return;
  canvas.setPointerCapture(event.pointerId);
  remember();
  down = true;
  at = place(event);
  stroke(at, at);
  draw();
});
canvas.addEventListener('pointermove', event => {
  const next = place(event);
  if (down) stroke(at, next);
  at = next;
  draw();
});
for (const name of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(name, () => {
    if (down) tell();
    down = false;
  });
}
for (const name of ['pointerleave', 'blur']) {
  canvas.addEventListener(name, () => {
    if (!down) at = null;
    draw();
  });
}
canvas.addEventListener('keydown', event => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], ' ': [0, 0] };
  const step = steps[event.key];
  if (!step || !shown) return;
  event.preventDefault();
  const far = radius() / 2;
  const from = at || { x: canvas.width / 2, y: canvas.height / 2 };
  at = {
    x: Math.min(canvas.width, Math.max(0, from.x + far * step[0])),
    y: Math.min(canvas.height, Math.max(0, from.y + far * step[1])),
  };
  if (event.shiftKey || event.key === ' ') {
    remember();
    stroke(from, at);
    tell();
  }
  draw();
});
element.querySelector('.undo').addEventListener('click', () => past.length && say(past.pop()));
element.querySelector('.clear').addEventListener('click', () => { remember(); say({}); });
watch('value', refresh);
refresh();
