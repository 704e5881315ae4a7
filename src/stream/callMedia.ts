// CallMedia: what a stream can play: one track at once, the rest of the operator's library when there is time to look at it.
// A caller's first sound waits for no folder but music/.
import type { Clip } from '../audio/source';
import { Library, type LibraryOptions } from '../media/library';
import type { AdviceSlot } from '../program/adviceSlots';
import type { PlayableMedia } from '../session/assemble';
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import { isThere } from '../util/operatorFiles';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';

export const NO_MEDIA: PlayableMedia = {
  music: () => [],
  advices: () => [],
  prompt: () => undefined,
  find: () => undefined,
};

export interface CallMediaParts extends LibraryOptions {
  /** Whether it is known who listens: what was said to whom is nobody's before that, so there are no advices. */
  isNamed(): boolean;
}

export class CallMedia implements PlayableMedia, Closeable {
  readonly #library: Library;
  #first: Clip | undefined;
  #scanned = false;
  #watch: Closeable | undefined;

  constructor(private readonly parts: CallMediaParts) {
    this.#library = new Library(parts);
  }

  /** Finds a track to begin with. @param wanted id of the track that is to go on; where it is gone, any other */
  async begin(
    order: 'shuffle' | 'order' | 'loop',
    random: Random,
    wanted: string | undefined,
  ): Promise<void> {
    this.#first = await this.#library.firstTrack(order, random, wanted);
  }

  /** Looks at everything, and from now on at what changes. @throws HoldcastError HC_MEDIA_UNREADABLE without a folder */
  async scan(clock: Clock): Promise<void> {
    await this.#library.scan();
    this.#scanned = true;
    this.#watch ??= this.#library.watch(clock, () => {});
    const { folder } = this.parts.settings;
    if (!(await isThere(folder, folder))) throw noMediaFolder(folder);
  }

  /** Looks for prompts of a language that is wanted only now. */
  async rescan(): Promise<void> {
    await this.#library.scan();
  }

  music(): readonly Clip[] {
    return this.#scanned || !this.#first ? this.#library.music() : [this.#first];
  }

  advices(shelf: AdviceSlot, language: string): readonly Clip[] {
    return this.parts.isNamed() ? this.#library.advices(shelf, language) : [];
  }

  prompt(name: string, language: string): Clip | undefined {
    return this.#library.prompt(name, language);
  }

  speaks(language: string): boolean {
    return this.#library.speaks(language);
  }

  find(id: string): Clip | undefined {
    return this.#library.find(id);
  }

  close(): void | Promise<void> {
    return this.#watch?.close();
  }
}

function noMediaFolder(folder: string): HoldcastError {
  const hint =
    'create it with music/ and advices/ in it, or correct media.folder; until then callers hear a soft chord';
  return new HoldcastError('HC_MEDIA_UNREADABLE', `there is no media folder ${folder}`, hint);
}
