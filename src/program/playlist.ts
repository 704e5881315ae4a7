// Playlist: which track comes next, from a library that may change at any moment.
// It holds ids, not tracks, so that a replaced file is played in its new form and a removed one is forgotten.
import type { Clip } from '../audio/source';
import { shuffled, type Random } from '../util/random';
import type { ProgramSettings } from './settings';

export class Playlist {
  #bag: readonly string[];

  /**
   * @param tracks what can be played now, in the order of the library
   * @param random decides the shuffle
   * @param bag of an earlier Playlist of this call, which goes on
   */
  constructor(
    private readonly tracks: () => readonly Clip[],
    private readonly order: ProgramSettings['music']['order'],
    private readonly random: Random,
    bag: readonly string[] = [],
  ) {
    this.#bag = bag;
  }

  /** Ids of the tracks that this round of the shuffle has left, in their order. */
  get bag(): readonly string[] {
    return this.#bag;
  }

  get empty(): boolean {
    return this.tracks().length === 0;
  }

  find(id: string): Clip | undefined {
    return this.tracks().find((track) => track.id === id);
  }

  /** The track after `current` has played out; undefined when there is none at all. */
  next(current?: Clip): Clip | undefined {
    if (this.order === 'loop' && current) return this.find(current.id) ?? this.tracks()[0];
    return this.other(current);
  }

  /** Another track than `current` if there is one: for a caller who asks for the next. */
  other(current?: Clip): Clip | undefined {
    return this.order === 'shuffle' ? this.#draw(current) : this.#following(current);
  }

  #following(current?: Clip): Clip | undefined {
    const tracks = this.tracks();
    return tracks[(tracks.findIndex((track) => track.id === current?.id) + 1) % tracks.length];
  }

  /** Every track once in random order, then a new order that does not begin with the track just heard. */
  #draw(current?: Clip): Clip | undefined {
    const known = new Map(this.tracks().map((track) => [track.id, track]));
    const left = this.#bag.filter((id) => known.has(id) && id !== current?.id);
    if (left.length === 0) {
      left.push(...shuffled([...known.keys()], this.random));
      // A new round does not begin with the track just heard, but has it like any other.
      if (left.length > 1 && left[0] === current?.id)
        left.splice(1 + Math.floor(this.random() * (left.length - 1)), 0, left.shift()!);
    }
    const id = left.shift();
    this.#bag = left;
    return id === undefined ? undefined : known.get(id);
  }
}
