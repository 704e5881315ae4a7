// What the doctor's tests share: a system that is right, with Asterisk's files and a user that is nobody here.
// Each test makes one mistake in it, and looks for the finding that names it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runChecks, type Check, type Row } from '../../src/doctor/check';
import { readConf } from '../../src/doctor/confFile';
import type { Account } from '../../src/doctor/rights';
import type { ConfigState, Site } from '../../src/doctor/site';
import { resolveConfig } from '../../src/config/defaults';
import type { Config } from '../../src/config/types';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { NOBODY } from '../support/otherUser';

export const ASTERISK: Account = {
  name: 'asterisk',
  uid: 54_321,
  gid: 54_322,
  groups: [54_322],
  home: '/nowhere',
};
export const NOBODY_ACCOUNT: Account = { ...ASTERISK, ...NOBODY, gid: NOBODY.uid, groups: [] };
export const PROGRAM = '/opt/holdcast/bin/holdcast';
export const READER = '/opt/holdcast/bin/holdcast-reader';
/** Called after the test, the last first. */
export const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A folder that anybody may enter; removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdcast-doctor-'));
  chmodSync(path, 0o755);
  closing.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function put(path: string, content: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

export function configured(config: Config = {}, path?: string): ConfigState {
  const resolved = resolveConfig(config, { configDir: '/', env: { HOLDCAST_CACHE: '/nowhere/cache' } });
  return { config: resolved, ...(path !== undefined && { path }) };
}

interface Change extends Partial<Site> {
  /** Asterisk's files. */
  files?: Record<string, string>;
}

export function siteWith({ files = {}, ...change }: Change = {}): Site {
  const etc = folder();
  for (const [name, content] of Object.entries(files)) put(join(etc, name), content);
  return {
    etc,
    program: PROGRAM,
    user: 'asterisk',
    account: ASTERISK,
    asterisk: { env: {}, known: false },
    config: configured(),
    conf: (file) => readConf(etc, file),
    console: () => Promise.resolve(undefined),
    env: {},
    clock: systemClock(),
    log: silentLogger,
    ...change,
  };
}

export async function rowsOf(checks: readonly Check[]): Promise<Row[]> {
  const signal = new AbortController().signal;
  return runChecks(checks, { clock: systemClock(), limitMs: 30_000, signal });
}

/** "musiconhold.conf: problem: …", one for each finding. */
export async function told(checks: readonly Check[]): Promise<string[]> {
  return (await rowsOf(checks)).map(({ check, result, found }) => `${check}: ${result}: ${found}`);
}
