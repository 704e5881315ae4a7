// The floor of every comparison: a bare Node process that writes the same bytes at the same pace.
// usage: node bare.cjs file.wav   (8 kHz mono 16 bit; 640-byte frames, absolute deadlines, 160 ms of lead)
'use strict';
const fs = require('node:fs');

const FRAME_BYTES = 640;
const FRAME_MS = 40;
const LEAD_MS = 160;
const pcm = fs.readFileSync(process.argv[2]).subarray(44);
const frames = Math.floor(pcm.length / FRAME_BYTES);
const start = performance.now();
let written = 0;

function tick() {
  const due = Math.floor((performance.now() - start + LEAD_MS) / FRAME_MS);
  for (; written < due; written++) fs.writeSync(1, pcm, (written % frames) * FRAME_BYTES, FRAME_BYTES);
  setTimeout(tick, start + (written + 1) * FRAME_MS - LEAD_MS - performance.now());
}

process.on('SIGHUP', () => process.exit(0));
tick();
