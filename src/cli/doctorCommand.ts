// `holdcast doctor`: looks at everything between Asterisk and the caller's ear, and says what to do. Changes nothing.
import { resolve } from 'node:path';
import { placeOfRootsConfig } from '../config/locate';
import type { Account } from '../util/account';
import { systemClock } from '../util/clock';
import type { HoldcastError } from '../util/errors';
import { silentLogger } from '../util/log';
import { packageRoot } from '../util/packageRoot';
import { strangersOwn } from '../util/privileges';
import { foldersOf } from './context';
import { amiChecks } from '../doctor/amiCheck';
import { runChecks, type Row } from '../doctor/check';
import { configChecks } from '../doctor/configCheck';
import { adoptHubEnvironment, loadForDoctor } from '../doctor/configState';
import { fileChecks } from '../doctor/filesCheck';
import { folderChecks } from '../doctor/folderCheck';
import { hubChecks } from '../doctor/hubCheck';
import { mediaChecks } from '../doctor/mediaCheck';
import { programChecks } from '../doctor/programCheck';
import { realtimeChecks } from '../doctor/realtimeCheck';
import { openSite } from '../doctor/site';
import { serviceChecks } from '../doctor/serviceCheck';
import { storeChecks } from '../doctor/storeCheck';
import { reportTable, summaryText } from '../doctor/table';
import { openProgress, type Terminal } from './terminal';

/** As given on the command line. */
export interface DoctorCommandOptions {
  config?: string;
  asteriskEtc: string;
  user: string;
  json?: boolean;
}

export interface DoctorContext {
  out: Terminal;
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
  /** Where processes are looked for, and the environment of the hub's service; tests have others. */
  proc?: string;
  environmentFile?: string;
  load?: typeof loadForDoctor;
  /** Give root up for Asterisk's user, or else for whose folders are looked at; absent: never. */
  becomeUser?: (account: Account) => void;
  becomeOwnerOf?: (paths: readonly string[]) => void;
}

/** In the order of the report. */
const CHECKS = [
  programChecks,
  configChecks,
  folderChecks,
  mediaChecks,
  storeChecks,
  serviceChecks,
  hubChecks,
  amiChecks,
  realtimeChecks,
  fileChecks,
];
/** Whatever takes longer is not checked. Reading a large media folder takes the longest. */
const LIMIT_MS = 30_000;

/** @returns 0 when there is no problem (warnings are none), 1 when there is one */
export async function doctorCommand(options: DoctorCommandOptions, context: DoctorContext): Promise<number> {
  const { out, signal, env = process.env, proc } = context;
  const { load = loadForDoctor, becomeUser, becomeOwnerOf = () => {} } = context;
  const { config, asteriskEtc, user, json = false } = options;
  const clock = systemClock();
  adoptHubEnvironment(env, context.environmentFile);
  const where = {
    etc: resolve(asteriskEtc),
    program: `${packageRoot()}/bin/holdcast`,
    user,
    env,
    clock,
    log: silentLogger,
    ...(proc !== undefined && { proc }),
  };
  const file = config === undefined ? undefined : resolve(config);
  let refused: HoldcastError | undefined;
  const become = (account: Account): void => {
    // A config is a program, and would be run as Asterisk's user, with the environment of the hub.
    if (becomeUser)
      refused = strangersOwn(placeOfRootsConfig(file, { env, cwd: process.cwd() }), account.uid);
    becomeUser?.(account);
    // Nothing is looked up in the folder where this was started.
    if (becomeUser) process.chdir('/');
  };
  const site = await openSite(
    where,
    async (ofAsterisk, home) => (refused ? { error: refused } : load(file, { env, clock }, ofAsterisk, home)),
    become,
  );
  // Where there is no such user: still nothing is opened as root that is another's.
  if (site.config.config) becomeOwnerOf(foldersOf(site.config.config));
  const checks = CHECKS.flatMap((checksOf) => checksOf(site));
  const progress = openProgress(out, `${checks.length} checks`);
  const onDone = (done: number): void => progress.show(done / checks.length);
  const rows = await runChecks(checks, { clock, limitMs: LIMIT_MS, signal, onDone });
  progress.close();
  const sick = rows.some(({ result }) => result === 'problem');
  out.write(json ? `${JSON.stringify({ ok: !sick, checks: rows }, null, 2)}\n` : reportText(rows, out));
  return sick ? 1 : 0;
}

function reportText(rows: readonly Row[], { columns, isTTY }: Terminal): string {
  return `${reportTable(rows, columns, isTTY)}\n${summaryText(rows)}\n`;
}
