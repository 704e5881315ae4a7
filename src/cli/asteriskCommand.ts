// `holdcast asterisk`: what Asterisk's files need for Holdcast, with this system's paths, ports and password.
// Printed to be copied, or written as files to include; what a person has changed in those is never overwritten unasked.
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defaultAmiSettings } from '../asterisk/settings';
import {
  DIALPLAN_LINE,
  QUIET_QUEUE,
  includeLine,
  setupFiles,
  type Setup,
  type SetupFile,
} from '../asterisk/snippets';
import { loadConfig } from '../config/load';
import { placeOfRootsConfig } from '../config/locate';
import type { ResolvedConfig } from '../config/types';
import { findAccount, type Account } from '../util/account';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { packageRoot } from '../util/packageRoot';
import { strangersOwn } from '../util/privileges';
import { readRegularSync } from '../util/regularFile';
import { adoptHubEnvironment, HUB_ENVIRONMENT } from '../doctor/site';

import type { Terminal } from './terminal';

/** As given on the command line. */
export interface AsteriskCommandOptions {
  config?: string;
  write?: string;
  force?: boolean;
  /** Absent: it is looked for. */
  freepbx?: boolean;
  asteriskEtc: string;
  user: string;
  json?: boolean;
}

export interface AsteriskContext {
  out: Pick<Terminal, 'write'>;
  /** Where /etc and /etc/passwd are; tests have another. */
  root?: string;
  /** The environment of the hub's service. */
  environmentFile?: string;
  env?: NodeJS.ProcessEnv;
  /** Loads the config, when `env` has what the hub's environment has. */
  load?: (path: string | undefined, env: NodeJS.ProcessEnv) => Promise<ResolvedConfig>;
  /** Makes a password. */
  newSecret?: () => string;
  /** Gives root up where the folder is another user's; absent: never. */
  becomeOwnerOf?: (paths: readonly string[]) => void;
}

const MARK = /^; holdcast asterisk, ([0-9a-f]{16})\b.*\n?/m;
/** None of these files is longer. */
const MOST_BYTES = 1 << 20;
const SECRET_NAME = 'HOLDCAST_AMI_SECRET';
const FREEPBX_FILES = ['etc/freepbx.conf', 'etc/amportal.conf'];

/**
 * @returns 0
 * @throws HoldcastError of the config; HC_USAGE when a file has been changed by hand or the folder cannot be written:
 *   nothing is written then; HC_HUB_ADDRESS when Asterisk could not start this installation
 */
export async function asteriskCommand(
  options: AsteriskCommandOptions,
  context: AsteriskContext,
): Promise<number> {
  const { out, root = '/', newSecret = () => randomBytes(24).toString('base64url') } = context;
  const { env = process.env, environmentFile, load = loaded, becomeOwnerOf = () => {} } = context;
  const { asteriskEtc, user } = options;
  adoptHubEnvironment(env, environmentFile);
  const account = findAccount(user, root);
  const place = placeOfRootsConfig(options.config, { env, cwd: process.cwd() });
  // The environment of the hub is root's and Asterisk's: nobody else's config is run with it.
  const refused = context.becomeOwnerOf && strangersOwn(place, account?.uid);
  if (refused) throw refused;
  becomeOwnerOf([place]);
  const config = await load(options.config, env);
  const etc = resolve(asteriskEtc);
  const folder = options.write === undefined ? join(etc, 'holdcast') : resolve(options.write);
  becomeOwnerOf([folder]);
  const ami = config.ami ?? defaultAmiSettings;
  const secret = config.ami?.secret ?? secretIn(join(folder, 'manager.conf'));
  const setup: Setup = {
    program: `${packageRoot()}/bin/holdcast`,
    rate: config.program.rate,
    listen: config.hub.listen,
    ami: { host: ami.host, user: ami.user, secret: secret ?? newSecret() },
    freepbx: options.freepbx ?? FREEPBX_FILES.some((file) => existsSync(join(root, file))),
    etc,
    folder,
  };
  const files = setupFiles(setup);
  const notes = options.write === undefined ? [] : writeAll(files, setup, options, account);
  const steps = stepsFor(setup, files, {
    written: options.write !== undefined,
    hasSecret: config.ami !== undefined,
  });
  if (options.json) out.write(`${JSON.stringify(report(setup, files, steps, notes, options), null, 2)}\n`);
  else out.write(text(files, steps, notes, options.write !== undefined));
  return 0;
}

async function loaded(path: string | undefined, env: NodeJS.ProcessEnv): Promise<ResolvedConfig> {
  return (await loadConfig(path, { env })).config;
}

/** The password that was made before, so that a second run does not make another. */
function secretIn(file: string): string | undefined {
  try {
    const found = /^secret=(.*)$/m.exec(readRegularSync(file, MOST_BYTES).toString('utf8'))?.[1];
    return found === undefined || found === '' ? undefined : found.replaceAll('\\;', ';');
  } catch {
    return undefined;
  }
}

/** Writes all files or none. @returns what could not be arranged, for people */
function writeAll(
  files: readonly SetupFile[],
  { folder }: Setup,
  { force = false, user }: AsteriskCommandOptions,
  account: Account | undefined,
): string[] {
  const edited = files.map(({ name }) => join(folder, name)).filter((file) => !force && isEdited(file));
  if (edited.length > 0)
    throw new HoldcastError(
      'HC_USAGE',
      `${edited.join(', ')} ${edited.length === 1 ? 'was' : 'were'} changed by hand, so nothing was written`,
      'write to another folder, or overwrite them with --force',
    );
  const drafts = new Map<string, string>();
  try {
    const notes = account ? [] : [unowned(user)];
    for (const file of files) {
      const path = join(folder, file.name);
      drafts.set(`${path}.${process.pid}.tmp`, path);
      notes.push(...draft(`${path}.${process.pid}.tmp`, file, account));
    }
    for (const [from, to] of drafts) renameSync(from, to);
    return notes;
  } catch (error) {
    for (const path of drafts.keys()) removeQuietly(path);
    const hint = 'run it as root, or write to a folder of your own and copy the files';
    throw new HoldcastError('HC_USAGE', `${folder} cannot be written: ${messageOf(error)}`, hint, {
      cause: error,
    });
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // why nothing could be written is what is told
  }
}

const unowned = (user: string): string =>
  `There is no user ${user} here: make sure that Asterisk's user can read manager.conf of these files (--user names that user).`;

/** Whether there is a file that this command has not written as it is. */
function isEdited(file: string): boolean {
  let content: string;
  try {
    content = readRegularSync(file, MOST_BYTES).toString('utf8');
  } catch (error) {
    return errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR';
  }
  return MARK.exec(content)?.[1] !== checksum(content.replace(MARK, ''));
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}

/** With the mark that tells whether it was changed: last, since of one of them Asterisk reads the first line only. */
function marked({ text: body }: SetupFile): string {
  return `${body}; holdcast asterisk, ${checksum(body)}: this line shows whether the file was changed by hand.\n`;
}

function draft(path: string, file: SetupFile, account: Account | undefined): string[] {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, marked(file), { mode: 0o600, flag: 'wx' });
  chmodSync(path, file.mode);
  const failure = account && file.mode === 0o640 ? givenTo(path, account) : undefined;
  return failure === undefined ? [] : [`Let Asterisk read ${file.name}: chgrp ${account!.gid} (${failure})`];
}

function givenTo(file: string, { gid }: Account): string | undefined {
  try {
    chownSync(file, -1, gid);
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? messageOf(error);
  }
}

interface Progressed {
  readonly written: boolean;
  /** Whether the config has the password already. */
  readonly hasSecret: boolean;
}

function stepsFor(setup: Setup, files: readonly SetupFile[], { written, hasSecret }: Progressed): string[] {
  const { freepbx, ami } = setup;
  const placed = files.flatMap((file) => {
    if (!file.into) return [];
    const what = written ? includeLine(setup, file) : `the lines for ${file.into.file}`;
    return [`   ${file.into.file}, ${file.into.where}${file.optional ? ' (optional)' : ''}: ${what}`];
  });
  const password = [
    `The password, into ${HUB_ENVIRONMENT}, which only root may read (chmod 0600):\n   ${SECRET_NAME}=${ami.secret}`,
    `   and in the config, as in config.example.ts: ami: { secret: process.env.${SECRET_NAME} }`,
  ].join('\n');
  const quiet = Object.entries(QUIET_QUEUE).map(([option, value]) => `${option}=${value}`);
  return [
    `Put into Asterisk's files:\n${placed.join('\n')}`,
    ...(hasSecret ? [] : [password]),
    ...(freepbx
      ? [
          'In FreePBX: Settings, Advanced Settings, Cache MoH Classes: No.',
          `In FreePBX, for each queue: Caller Announcements off (${quiet.join(', ')}).`,
          'In FreePBX: Admin, Custom Destinations: holdcast,400,1 for queue 400; send calls there instead of to the queue.',
        ]
      : [
          `In the dialplan, before Queue():\n   ${DIALPLAN_LINE}`,
          'Make sure that musiconhold.conf has a class [default] with mode=files and a directory with music: new callers hear it while the hub is down.',
        ]),
    'Reload Asterisk: asterisk -rx "core reload"   (and asterisk -rx "module reload extconfig")',
    'Start the hub: systemctl enable --now holdcast-hub   (docs/install.md)',
    'Check the installation: holdcast doctor',
  ].map((step, index) => `${index + 1}. ${step}`);
}

function report(
  { freepbx, folder }: Setup,
  files: readonly SetupFile[],
  steps: readonly string[],
  notes: readonly string[],
  { write }: AsteriskCommandOptions,
) {
  const described = files.map(({ name, mode, ...file }) => ({
    ...file,
    path: join(folder, name),
    mode: mode.toString(8),
  }));
  return { freepbx, written: write !== undefined, files: described, steps, notes };
}

function text(
  files: readonly SetupFile[],
  steps: readonly string[],
  notes: readonly string[],
  written: boolean,
): string {
  const heading = ({ name, into, optional }: SetupFile): string =>
    into
      ? `${into.file}, ${into.where}${optional ? ' (optional)' : ''}`
      : `a file of its own: holdcast/${name} (optional)`;
  const printed = written ? [] : files.map((file) => `── ${heading(file)}\n${file.text}`);
  const told = notes.map((note) => `Note: ${note}\n`);
  const next = `${written ? 'Written. What' : '── What'} to do next\n${steps.join('\n')}\n`;
  return [...printed, ...told, next].join('\n');
}
