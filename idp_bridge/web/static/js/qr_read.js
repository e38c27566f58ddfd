// Reads QR codes out of camera frames and pictures: the browser's own reader where there is one,
// else the one that ships with this page. Nothing leaves the device.

import decodeQR from '../vendor/qr/decode.js';

const FRAME_SIDE = 960;
const PICTURE_SIDES = [1600, 900, 500];

let native;

async function nativeReader() {
  if (native === undefined) {
    const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.()) ?? [];
    native = formats.includes('qr_code')
      ? new globalThis.BarcodeDetector({ formats: ['qr_code'] })
      : null;
  }
  return native;
}

function scaled(canvas, source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function decoded(image, timeLimit) {
  try {
    return decodeQR(image, { timeLimit });
  } catch {
    return '';
  }
}

// The text of the code in a video's current frame, or ''.
export async function readFrame(video, canvas) {
  const found = await (await nativeReader())?.detect(video).catch(() => []);
  if (found?.length) return found[0].rawValue;
  return decoded(scaled(canvas, video, video.videoWidth, video.videoHeight, FRAME_SIDE), 60);
}

// The text of the code in a picture file, or ''.
export async function readPicture(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return '';
  const found = await (await nativeReader())?.detect(picture).catch(() => []);
  if (found?.length) return found[0].rawValue;
  const canvas = document.createElement('canvas');
  for (const side of PICTURE_SIDES) {
    const text = decoded(scaled(canvas, picture, picture.width, picture.height, side), 1000);
    if (text) return text;
  }
  return '';
}
