// What `holdcast store` can do with a store: the port that both stores fill in.
// Apart from admin.ts, which loads them, so that imports run one way.
import type { Closeable } from '../util/scope';
import { refused } from './storeErrors';
import { isTrackId, type StoreRecord } from './rows';

export interface MigrateOptions {
  /** Track ids in order of name: number n of the old system is the n-th, where `classes` says nothing else. */
  readonly tracks: readonly string[];
  /** What a number of the old system means, by the operator: number → track id. Corrects what it means already. */
  readonly classes?: Readonly<Record<number, string>>;
  /** Nothing is changed; the report says what would be. */
  readonly dryRun?: boolean;
}

export interface MigrateReport {
  /** Migrations that were applied (or would be), by name; none when the schema is new already. */
  readonly applied: readonly string[];
  /** Callers' choices that are kept. */
  readonly choices: number;
  /** Numbers of the old system that mean a track from now on. */
  readonly mapped: readonly {
    readonly musicClass: number;
    readonly track: string;
    readonly callers: number;
    /** What it meant before; absent: nothing. */
    readonly before?: string;
  }[];
  /** Numbers that were named in `classes` and mean that already, or that nobody has. */
  readonly unchanged: readonly number[];
  /** Numbers of which nobody knows what they mean: those callers' choices are kept, and not played. */
  readonly unmapped: readonly { readonly musicClass: number; readonly callers: number }[];
}

/** As a line of `doctor`. */
export interface StoreFinding {
  readonly result: 'ok' | 'warning' | 'problem';
  /** "schema", "rights": what was looked at. */
  readonly name: string;
  /** What was found, without a full stop. */
  readonly found: string;
  readonly todo?: string;
}

export interface ImportReport {
  readonly choices: number;
  readonly heard: number;
  readonly keys: number;
}

/** One for each kind of store. */
export interface StoreAdmin extends Closeable {
  migrate(options: MigrateOptions): Promise<MigrateReport>;
  check(): Promise<StoreFinding[]>;
  records(): AsyncIterable<StoreRecord>;
  /** All of them or none. */
  put(records: readonly StoreRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** What a number of the old system means; undefined: nobody knows. @throws HoldcastError HC_STORE_REFUSED */
export function meaningOf(musicClass: number, { tracks, classes }: MigrateOptions): string | undefined {
  const track = (classes?.[musicClass] ?? tracks[musicClass - 1])?.normalize('NFC');
  if (track !== undefined && !isTrackId(track))
    throw refused(`music class ${musicClass} means no right track id`);
  return track;
}

/** Numbers of which nobody knows the track, as a line for the operator; no line when there are none. */
export function unmappedFinding(
  unmapped: readonly { musicClass: number; callers: number }[],
): StoreFinding[] {
  if (unmapped.length === 0) return [];
  const callers = unmapped.reduce((sum, one) => sum + one.callers, 0);
  const numbers = unmapped.map(({ musicClass }) => musicClass).join(', ');
  return [
    {
      ...{ result: 'warning', name: 'choices' },
      found: `no track is known for music class ${numbers} (${callers} callers)`,
      todo: 'say what they mean: `holdcast store migrate --class <number>=<track>`',
    },
  ];
}
