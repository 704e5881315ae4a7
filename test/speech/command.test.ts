// A program that speaks: what it is told and how, what is kept, and everything that such a program may do wrong.
// The programs are real processes; their time limit is a clock that the test moves.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { MediaSettings } from '../../src/media/settings';
import { CommandVoice, type CommandSettings } from '../../src/speech/command';
import { noteProgram, SpokenCache, spokenFolder } from '../../src/speech/spokenCache';
import { wavProblem } from '../../src/speech/oneWav';
import { wordless } from '../../src/speech/wavFromCommand';
import { ManualClock, systemClock, type Clock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { filesUnder, keptLog, rampWav, settingsIn, tempFolder, until } from '../media/fixtures';
import { describeWithFfmpeg, makeAudio, measure } from '../support/ffmpeg';
import { voiceContract } from '../support/voiceContract';
import { script, sentence, wordSource } from './voiceFixtures';

const NEVER = new AbortController().signal;
const hasEspeak = spawnSync('espeak-ng', ['--version']).status === 0;
if (!hasEspeak) process.stderr.write('espeak-ng is not installed: its test is skipped\n');

interface Change {
  command: CommandSettings['command'];
  languages?: readonly string[];
  limitMs?: number;
  clock?: Clock;
  settings?: MediaSettings;
}

function voiceOf({ command, languages = ['en'], limitMs = 30_000, clock = systemClock(), ...more }: Change) {
  const settings = more.settings ?? settingsIn(tempFolder());
  const { log, lines } = keptLog();
  const parts = { media: settings, clock, log };
  return { voice: new CommandVoice({ command, languages, limitMs }, parts), settings, lines };
}

/** A WAV of a second, whatever is said; and a folder where a program may count its runs. */
const wav = join(tempFolder(), 'said.wav');
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(statusOf(pid));

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'State: Z';
  }
}

const BALANCE = sentence('your', 'balance', 'is', 'forty', 'roubles');

describe('what the program gets', () => {
  const seen = join(tempFolder(), 'seen');

  /** Runs a program that writes down how it was called, then fails. */
  async function called(...args: string[]): Promise<string> {
    const file = script(
      `for a in "$@"; do echo "<$a>"; done > ${seen}; cat >> ${seen}; ls -l "$2" >> ${seen} 2>&1; exit 3`,
    );
    const { voice } = voiceOf({ command: [file, ...args], languages: ['en-us', 'ru'] });
    expect(await voice.clips(sentence('$(id)', '`x`', '"q"', '{out}'), 'en', NEVER)).toBeUndefined();
    return readFileSync(seen, 'utf8');
  }

  const SAID = '$(id) `x` "q" {out}';

  test('the text on its standard input, the language as the operator writes it, and no shell', async () => {
    expect(await called('-v', '{language}', '; id')).toContain(`<-v>\n<en-us>\n<; id>\n${SAID}\n`);
  });

  test('the text as one argument, in which nothing is filled in again', async () => {
    expect(await called('--text={text}')).toContain(`<--text=${SAID}>\n`);
  });

  test('the text in a file that nobody else may read, gone afterwards', async () => {
    const said = await called('-f', '{file}');
    const file = /<(\/.*)>/.exec(said)![1]!;
    expect(said).toMatch(/^-rw-------/m);
    expect(existsSync(dirname(file))).toBe(false);
  });
});

describe('what goes wrong', () => {
  const errorOf = async (change: Change): Promise<string> => {
    const { voice, lines, settings } = voiceOf(change);
    expect(await voice.clips(BALANCE, 'en', NEVER)).toBeUndefined();
    expect(await voice.clips(BALANCE, 'en', NEVER)).toBeUndefined();
    const [line] = lines;
    expect([lines.length, line!.level, line!.fields['code']]).toEqual([1, 'error', 'HC_VOICE_FAILED']);
    expect(line!.fields['hint']).toMatch(/\w/);
    expect(JSON.stringify(lines)).not.toMatch(/forty|roubles/);
    expect(filesUnder(settings.cache).filter((name) => !name.endsWith('.swept'))).toEqual([]);
    return line!.fields['error'] as string;
  };
  const half = join(tempFolder(), 'half.wav');
  writeFileSync(half, rampWav(8000).subarray(0, 15_000));

  /** Of these bytes: a header of 44 for a second of sound at 8000 Hz, or what the change makes of it. */
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(dirname(half), name);
    writeFileSync(path, bytes);
    return path;
  };
  const second = (): Buffer => Buffer.from(rampWav(8000));
  const claiming = (dataBytes: number): Buffer => {
    const bytes = second();
    bytes.writeUInt32LE(dataBytes, 40);
    return bytes;
  };
  const one = file('one.wav', second());
  const open = file('open.wav', claiming(0x7ffff000));
  const empty = file('empty.wav', claiming(0).subarray(0, 44));
  const list = Buffer.from('LIST\x05\0\0\0INFO \0', 'latin1');
  const listed = file('listed.wav', Buffer.concat([second(), list]));
  const raw = file('raw', second().subarray(44));
  const more = file('more', second().subarray(36));

  test.each([
    ['as it should be', one],
    ['of open length', open],
    ['with a list at its end', listed],
    [
      'with a word of its log behind it',
      file('logged.wav', Buffer.concat([second(), Buffer.from('done\n')])),
    ],
  ])('nothing, with a WAV %s', (_, path) => {
    expect(wavProblem(readFileSync(path))).toBeUndefined();
  });

  test('it writes two WAVs into its file', async () => {
    expect(await errorOf({ command: [script(`cat ${one} ${one} > "$1"`), '{out}'] })).toContain(
      'more than one WAV',
    );
  });

  test('it is not there', async () => {
    expect(await errorOf({ command: ['/nowhere/speak', '{text}'] })).toContain('ENOENT');
  });

  test('it fails: its last words are told, without those of the text and without numbers', async () => {
    const file = script('echo first >&2; echo "cannot say: $1, 40 of 17" >&2; echo >&2; exit 2');
    expect(await errorOf({ command: [file, '{text}'] })).toBe(
      'the program failed: exit code 2: cannot say: … of …',
    );
  });

  test('it dies', async () => {
    expect(await errorOf({ command: [script('kill -9 $$')] })).toContain('ended by SIGKILL');
  });

  test.each([
    ['nothing', 'true', 'no WAV'],
    ['something else', 'echo "#EXTM3U"; echo http://example.org/a.wav', 'no WAV'],
    ['half a WAV', `cat ${half}`, 'cut off'],
    ['two WAVs', `cat ${one} ${one}`, 'more than one WAV'],
    ['a WAV that leaves its length open, and another', `cat ${open} ${one}`, 'more than one WAV'],
    ['a WAV of nothing, and then the sentence', `cat ${empty} ${one}`, 'more than one WAV'],
    ['a WAV with a list at its end, and another', `cat ${listed} ${one}`, 'more than one WAV'],
    ['more sound than its WAV says', `cat ${one} ${raw}`, 'more sound than its WAV says'],
    ['a WAV with its sound in two chunks', `cat ${one} ${more}`, 'more sound than its WAV says'],
  ])('it writes %s', async (_, text, error) => {
    expect(await errorOf({ command: [script(text)] })).toContain(error);
  });

  test('it writes no file where it should', async () => {
    expect(await errorOf({ command: [script('true'), '{out}'] })).toContain('wrote no file');
  });

  test('it writes a gigabyte: no more than 16 MB of it are taken', async () => {
    expect(await errorOf({ command: ['head', '-c', '1000000000', '/dev/zero'] })).toContain(
      'more than 16777216',
    );
  });

  test('it fills the disk with its file: it is killed', async () => {
    const file = script('echo $$ > "$0.pid"; exec cat /dev/zero > "$1"');
    expect(await errorOf({ command: [file, '{out}'] })).toContain('more than 16777216');
    expect(alive(Number(readFileSync(`${file}.pid`, 'utf8')))).toBe(false);
  });

  test('there is no ffmpeg', async () => {
    writeFileSync(wav, rampWav(8000));
    const settings = settingsIn(tempFolder(), { ffmpeg: '/nowhere/ffmpeg' });
    const { voice, lines } = voiceOf({ command: ['cat', wav], settings });
    expect(await voice.clips(BALANCE, 'en', NEVER)).toBeUndefined();
    expect(lines.map(({ fields }) => fields)).toMatchObject([
      { voice: 'command cat', code: 'HC_FFMPEG_BROKEN', hint: expect.any(String) as string },
    ]);
  });
});

describe('a program that hangs', () => {
  /** Says its pid and that of a child that it has started, then both wait for ever. */
  const hanging = (): string => script('sleep 1000 & echo "$$ $!" > "$0.new"; mv "$0.new" "$0.pid"; wait');
  const pidsOf = async (file: string): Promise<number[]> => {
    await until(() => existsSync(`${file}.pid`));
    return readFileSync(`${file}.pid`, 'utf8').split(' ').map(Number);
  };

  test('is killed at its limit, with what it started, and that is told', async () => {
    const [clock, file] = [new ManualClock(), hanging()];
    const { voice, lines, settings } = voiceOf({ command: [file], limitMs: 5000, clock });
    const clips = voice.clips(BALANCE, 'en', NEVER);
    const pids = await pidsOf(file);
    clock.advance(4999);
    expect(pids.map(alive)).toEqual([true, true]);
    clock.advance(1);
    expect(await clips).toBeUndefined();
    await until(() => !pids.some(alive));
    expect(lines.map(({ fields }) => fields['error'])).toEqual(['no speech within 5000 ms']);
    expect([clock.pending, filesUnder(settings.cache).filter((name) => name.includes('work'))]).toEqual([
      0,
      [],
    ]);
  });

  test('is noted where the next process finds it, should this one be killed', async () => {
    const [clock, file, stop] = [new ManualClock(), hanging(), new AbortController()];
    const { voice, settings } = voiceOf({ command: [file], clock });
    const clips = voice.clips(BALANCE, 'en', stop.signal);
    const [pid] = await pidsOf(file);
    const note = (): string | undefined =>
      filesUnder(settings.cache).find((name) => /work-.*program$/.test(name));
    await until(() => note() !== undefined && statSync(join(settings.cache, note()!)).size > 0);
    expect(readFileSync(join(settings.cache, note()!), 'utf8')).toMatch(new RegExp(`^${pid} \\d+ [\\w-]+$`));
    stop.abort();
    expect(await clips).toBeUndefined();
    expect(note()).toBeUndefined();
  });

  test('is killed when its caller is gone, and nothing is told', async () => {
    const [clock, file, stop] = [new ManualClock(), hanging(), new AbortController()];
    const { voice, lines } = voiceOf({ command: [file], clock });
    const clips = voice.clips(BALANCE, 'en', stop.signal);
    const pids = await pidsOf(file);
    stop.abort();
    expect(await clips).toBeUndefined();
    await until(() => !pids.some(alive));
    expect([lines, clock.pending]).toEqual([[], 0]);
  });

  test('is killed when the last of two that wait is gone; the first leaves at once', async () => {
    const [clock, file] = [new ManualClock(), hanging()];
    const { voice } = voiceOf({ command: [file], clock });
    const stops = [new AbortController(), new AbortController()] as const;
    const waiting = stops.map((stop) => voice.clips(BALANCE, 'en', stop.signal));
    const pids = await pidsOf(file);
    stops[0].abort();
    expect(await waiting[0]).toBeUndefined();
    expect(pids.map(alive)).toEqual([true, true]);
    stops[1].abort();
    expect(await waiting[1]).toBeUndefined();
    await until(() => !pids.some(alive));
  });

  test('is not waited for when a process that left its group holds its output', async () => {
    const clock = new ManualClock();
    const file = script(
      `setsid sh -c 'echo $$ > "$0.new"; mv "$0.new" "$0.pid"; exec sleep 1000' "$0" & wait`,
    );
    const { voice, lines } = voiceOf({ command: [file], limitMs: 5000, clock });
    const clips = voice.clips(BALANCE, 'en', NEVER);
    const [stray] = await pidsOf(file);
    clock.advance(5000);
    expect(await clips).toBeUndefined();
    expect(lines).toHaveLength(1);
    process.kill(stray!, 'SIGKILL');
  });
});

test('of what a program says no word of the text, no number and no control character is told', () => {
  expect(wordless('a\nYour_balance is FORTY; voice "en" 404\u001b[31m\n \n', 'Your balance is forty.')).toBe(
    '…; voice "en" …m',
  );
  expect(wordless('нет голоса: две копейки', 'Две копейки.')).toBe('нет голоса: …');
  expect(wordless('', 'x')).toBe('');
  expect(wordless('x'.repeat(5000), '').length).toBeLessThanOrEqual(200);
});

describeWithFfmpeg('what is spoken', () => {
  beforeAll(() => makeAudio(wordSource(2, 0.8), wav));

  /** A program that speaks and counts. */
  function counting() {
    const file = script(`echo run >> "$0.runs"; case "$(cat)" in *ninety*) exit 1;; esac; cat ${wav}`);
    const runs = (): number =>
      existsSync(`${file}.runs`) ? readFileSync(`${file}.runs`, 'utf8').split('\n').length - 1 : 0;
    return { file, runs };
  }

  describe('is a Voice', () => {
    voiceContract(() => ({
      ...voiceOf({ command: [counting().file] }),
      whole: sentence('place', 'three'),
      impossible: sentence('place', 'ninety'),
    }));
  });

  test('at once or one after the other the same sentence takes one run; another takes another', async () => {
    const { file, runs } = counting();
    const { voice, settings } = voiceOf({ command: [file] });
    const both = await Promise.all([voice.clips(BALANCE, 'en', NEVER), voice.clips(BALANCE, 'en', NEVER)]);
    expect([both.map((clips) => clips?.length), runs()]).toEqual([[1, 1], 1]);
    await voice.clips(BALANCE, 'en', NEVER);
    const later = voiceOf({ command: [file], settings });
    const [clip] = (await later.voice.clips(BALANCE, 'en', NEVER))!;
    expect([runs(), clip!.samples]).toEqual([1, both[0]![0]!.samples]);
    await voice.clips(sentence('other'), 'en', NEVER);
    expect(runs()).toBe(2);
    const wide = { ...settings, rate: 16000 as const };
    const [wideClip] = (await voiceOf({ command: [file], settings: wide }).voice.clips(
      BALANCE,
      'en',
      NEVER,
    ))!;
    expect([runs(), Math.round(wideClip!.samples / clip!.samples)]).toEqual([3, 2]);
  });

  test('is kept where only its user may read it, under a name that tells nothing', async () => {
    const { voice, settings } = voiceOf({ command: [counting().file] });
    await voice.clips(BALANCE, 'en', NEVER);
    const folder = spokenFolder(settings.cache);
    const [name] = readdirSync(folder).filter((file) => file.endsWith('.wav'));
    expect(name).toMatch(/^[0-9a-f]{40}\.wav$/);
    expect(statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).filter((file) => file.startsWith('work-'))).toEqual([]);
  });

  test('is spoken again when what was kept is damaged, or older than a day', async () => {
    const { file, runs } = counting();
    const { voice, settings } = voiceOf({ command: [file] });
    await voice.clips(BALANCE, 'en', NEVER);
    const kept = join(
      spokenFolder(settings.cache),
      filesUnder(spokenFolder(settings.cache)).find((f) => f.endsWith('.wav'))!,
    );
    writeFileSync(kept, readFileSync(kept).subarray(0, 3000));
    expect(await voice.clips(BALANCE, 'en', NEVER)).toHaveLength(1);
    const old = Date.now() / 1000 - 25 * 3600;
    utimesSync(kept, old, old);
    expect(await voice.clips(BALANCE, 'en', NEVER)).toHaveLength(1);
    expect(runs()).toBe(3);
  });

  test('is heard also where nothing can be kept, which is told once', async () => {
    const { file, runs } = counting();
    const { voice, settings, lines } = voiceOf({ command: [file] });
    mkdirSync(settings.cache, { recursive: true });
    writeFileSync(spokenFolder(settings.cache), 'in the way');
    for (let k = 0; k < 2; k++) expect(await voice.clips(BALANCE, 'en', NEVER)).toHaveLength(1);
    expect([runs(), lines.map(({ level }) => level)]).toEqual([2, ['warn']]);
  });

  test('that it works again is told', async () => {
    const flag = join(tempFolder(), 'broken');
    writeFileSync(flag, '');
    const { voice, lines } = voiceOf({ command: [script(`test -e ${flag} && exit 1; cat ${wav}`)] });
    await voice.clips(BALANCE, 'en', NEVER);
    utimesSync(flag, 1, 1);
    spawnSync('rm', [flag]);
    expect(await voice.clips(BALANCE, 'en', NEVER)).toHaveLength(1);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  (hasEspeak ? test : test.skip)('by espeak-ng is at the level of all speech', async () => {
    const { voice, lines, settings } = voiceOf({
      command: ['espeak-ng', '--stdout', '-v', '{language}', '--stdin'],
      languages: ['en-gb'],
    });
    const clips = await voice.clips({ text: 'You are number four in the queue.', clips: [] }, 'en', NEVER);
    expect(lines).toEqual([]);
    const clip = clips![0];
    const folder = spokenFolder(settings.cache);
    const kept = join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.wav'))!,
    );
    expect(Math.abs(measure(kept).lufs + 19)).toBeLessThanOrEqual(1);
    expect(clip!.samples / 8000).toBeGreaterThan(1);
    expect(clip!.samples / 8000).toBeLessThan(4);
  });
});

describe('the cache of sentences', () => {
  const hex = (n: number): string => `${n.toString(16).padStart(40, '0')}.wav`;

  test('keeps at most 500 sentences for at most a day, and no leftovers; other files stay', async () => {
    const clock = new ManualClock();
    const cache = tempFolder();
    const folder = spokenFolder(cache);
    mkdirSync(join(folder, 'work-dead'), { recursive: true });
    mkdirSync(join(folder, 'work-now'));
    const put = (name: string, ageMs: number): void => {
      const seconds = (clock.wall() - ageMs) / 1000;
      if (!existsSync(join(folder, name))) writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), seconds, seconds);
    };
    for (let n = 0; n < 510; n++) put(hex(n), n * 1000);
    put(hex(900), 25 * 3_600_000);
    put('notes.txt', 25 * 3_600_000);
    put('work-dead', 2 * 3_600_000);
    put('work-now', 1000);
    await new SpokenCache(cache, clock, silentLogger).sweep();
    const left = readdirSync(folder)
      .filter((name) => name.endsWith('.wav'))
      .sort();
    expect([left.length, left.at(-1)]).toEqual([500, hex(499)]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['notes.txt', 'work-now']));
    expect(existsSync(join(folder, 'work-dead'))).toBe(false);
  });

  /** A program in a group of its own, as a run has left it whose process was killed. */
  async function leftOver(cache: string): Promise<{ pid: number; run: string }> {
    const run = join(spokenFolder(cache), 'work-dead');
    mkdirSync(run, { recursive: true });
    const { pid } = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    await noteProgram(pid!, run);
    return { pid: pid!, run };
  }

  /** Since the folder of a run was made. */
  async function sweepAfter(ms: number, cache: string, run: string): Promise<void> {
    const clock = new ManualClock();
    const seconds = (clock.wall() - ms) / 1000;
    utimesSync(run, seconds, seconds);
    await new SpokenCache(cache, clock, silentLogger).sweep();
  }

  test('ends a program that outlived its process, and lets one speak whose time is not over', async () => {
    const cache = tempFolder();
    const { pid, run } = await leftOver(cache);
    try {
      await sweepAfter(60_000, cache, run);
      expect([alive(pid), existsSync(run)]).toEqual([true, true]);
      // Another process has swept a moment ago: that is no reason to let it run.
      await sweepAfter(180_000, cache, run);
      await until(() => !alive(pid));
      expect(existsSync(run)).toBe(false);
    } finally {
      if (alive(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  test.each([
    ['another process with the number of the program', (note: string) => note.replace(/ /, ' 1')],
    ['a process of another start of the machine', (note: string) => `${note}0`],
    ['whatever a damaged note names', () => '1 1 1'],
    ['its own group', () => '0 1 1'],
  ])('does not end %s', async (_, damage) => {
    const cache = tempFolder();
    const { pid, run } = await leftOver(cache);
    try {
      const note = join(run, 'program');
      writeFileSync(note, damage(readFileSync(note, 'utf8')));
      await sweepAfter(180_000, cache, run);
      expect([alive(pid), existsSync(run)]).toEqual([true, false]);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  test('is swept at most once in ten minutes, by whichever process', async () => {
    const clock = new ManualClock();
    const cache = tempFolder();
    mkdirSync(spokenFolder(cache));
    await new SpokenCache(cache, clock, silentLogger).sweep();
    const file = join(spokenFolder(cache), hex(1));
    writeFileSync(file, '');
    utimesSync(file, 1, 1);
    await new SpokenCache(cache, clock, silentLogger).sweep();
    expect(existsSync(file)).toBe(true);
    clock.advance(600_000);
    await new SpokenCache(cache, clock, silentLogger).sweep();
    expect(existsSync(file)).toBe(false);
  });
});
