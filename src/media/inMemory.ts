// A Track's samples in memory: what must not fail once it has begun is read before, and asynchronously.
// For short clips only: the words of a sentence, of which a caller hears all or none.
import { promises } from 'node:fs';
import { BYTES_PER_SAMPLE } from '../audio/frame';
import { memoryClip, type Clip } from '../audio/source';
import type { PcmLocation, Track } from './track';

/**
 * The same clip without its file.
 * @throws what the file system throws; Error when the file is another one by now, or shorter
 */
export async function inMemory(track: Track): Promise<Clip> {
  return memoryClip(track.id, await readPcm(track.pcm), track.title);
}

/** Samples of a PCM 16-bit mono WAV. @throws as `inMemory` */
export async function readPcm(pcm: PcmLocation): Promise<Int16Array> {
  const handle = await promises.open(pcm.wav, 'r');
  try {
    const bytes = Buffer.alloc(pcm.samples * BYTES_PER_SAMPLE);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, pcm.dataOffset);
    if (bytesRead < bytes.length) throw new Error('the file became shorter');
    const { mtimeMs } = await handle.stat();
    if (pcm.mtimeMs !== undefined && mtimeMs !== pcm.mtimeMs) throw new Error('the file was changed');
    return Int16Array.from({ length: pcm.samples }, (_, i) => bytes.readInt16LE(i * BYTES_PER_SAMPLE));
  } finally {
    await handle.close();
  }
}
