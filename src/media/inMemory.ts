// A Track's samples in memory: what must not fail once it has begun is read before, and asynchronously.
// For short clips only: the words of a sentence, of which a caller hears all or none.
import { BYTES_PER_SAMPLE } from '../audio/frame';
import { memoryClip, type Clip } from '../audio/source';
import { openPcm } from './pcmFile';
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
  const file = await openPcm(pcm);
  try {
    const bytes = Buffer.alloc(pcm.samples * BYTES_PER_SAMPLE);
    await file.fill(bytes, pcm.dataOffset);
    return Int16Array.from({ length: pcm.samples }, (_, i) => bytes.readInt16LE(i * BYTES_PER_SAMPLE));
  } finally {
    await file.close();
  }
}
