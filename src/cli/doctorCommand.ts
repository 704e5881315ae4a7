// `holdcast doctor`: looks at everything between Asterisk and the caller's ear, and says what to do. Changes nothing.
import { resolve } from 'node:path';
import { placeOfRootsConfig } from '../config/locate';
import { systemClock } from '../util/clock';
import { silentLogger } from '../util/log';
import { packageRoot } from '../util/packageRoot';
import { becomeOwnerOf, becomeUser, isRoot, strangersOwn } from '../util/privileges';
import { foldersOf, type Context } from './context';
import { amiChecks } from '../doctor/amiCheck';
import { runChecks, type Row } from '../doctor/check';
import { configChecks } from '../doctor/configCheck';
import { fileChecks } from '../doctor/filesCheck';
import { folderChecks } from '../doctor/folderCheck';
import { hubChecks } from '../doctor/hubCheck';
import { mediaChecks } from '../doctor/mediaCheck';
import { programChecks } from '../doctor/programCheck';
import { realtimeChecks } from '../doctor/realtimeCheck';
import { adoptHubEnvironment, openSite } from '../doctor/site';
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
export async function doctorCommand(options: DoctorCommandOptions, context: Context): Promise<number> {
  const { out, signal } = context;
  const { env } = process;
  const { config, asteriskEtc, user, json = false } = options;
  const clock = systemClock();
  adoptHubEnvironment(env);
  const where = {
    etc: resolve(asteriskEtc),
    program: `${packageRoot()}/bin/holdcast`,
    user,
    file: config === undefined ? undefined : resolve(config),
    env,
    clock,
    log: silentLogger,
  };
  const site = await openSite(where, (account) => {
    // A config is a program, and would be run as Asterisk's user, with the environment of the hub.
    const place = placeOfRootsConfig(where.file, { env, cwd: process.cwd() });
    const refused = strangersOwn(place, account.uid);
    if (isRoot()) becomeUser(account);
    // Nothing is looked up in the folder where this was started.
    process.chdir('/');
    return refused;
  });
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
