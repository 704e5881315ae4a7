// What is legal in a config, and yet perhaps not what the operator wants: secrets that others may read, on the way or in
// a file; a language that nobody speaks; a folder that is not there.
import { existsSync, promises } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { sendsPin } from '../billing/fill';
import type { HttpBilling } from '../billing/settings';
import type { LoadedConfig } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import { obstacle } from '../doctor/rights';
import { checkVoices } from '../speech/packs';
import type { DatabaseSettings } from '../store/settings';
import { packageRoot } from '../util/packageRoot';
import { isRoot } from '../util/privileges';

/** One sentence or two each. */
export async function notesOn(loaded: LoadedConfig): Promise<string[]> {
  const { config } = loaded;
  return [
    ...folderNotes(loaded),
    ...onTheWay(config),
    ...(await inFiles(loaded)),
    ...(await unspoken(config)),
  ];
}

function folderNotes({ config, path, notKept }: LoadedConfig): string[] {
  const notes: string[] = [];
  if (isRoot() && existsSync('config.ts') && path !== resolve('config.ts'))
    notes.push('Root ignores ./config.ts unless --config config.ts names it.');
  if (!existsSync(config.media.folder))
    notes.push(
      `There is no media folder ${config.media.folder}: callers hear a soft chord. Create it, or change media.folder.`,
    );
  // Root's own would be of use to nobody: calls have that of their user.
  if (notKept !== undefined && !isRoot())
    notes.push(
      `The compiled config is not kept, so every call compiles it again (0.2 s of processor time): ${notKept}. ` +
        'Put that right, or set HOLDCAST_CACHE to a folder of your own.',
    );
  return notes;
}

/** What leaves this machine in clear. */
function onTheWay({ ami, billing, store }: ResolvedConfig): string[] {
  const notes: string[] = [];
  if (ami && !isThisMachine(ami.host))
    notes.push(
      `ami.host is another machine (${ami.host}): callers' numbers and keys go there unencrypted, and the listener cannot be ` +
        'verified. Use a tunnel with TLS (docs/asterisk.md).',
    );
  const { source } = billing ?? {};
  if (source && 'http' in source) notes.push(...plainHttp(source.http));
  if (source && 'sql' in source) notes.push(...plainDatabase('billing.sql.database', source.sql.database));
  if (store.mysql) notes.push(...plainDatabase('store.mysql', store.mysql));
  return notes;
}

function plainHttp(http: HttpBilling): string[] {
  const { url, user, token, headers = {} } = http;
  const { protocol, hostname, host } = new URL(url.replace(/[{}]/g, ''));
  if (protocol !== 'http:' || isThisMachine(hostname)) return [];
  const what = [
    ...(token !== undefined ? ['the token'] : []),
    ...(user !== undefined ? ['the password'] : []),
    ...(Object.values(headers).some((value) => value !== undefined) ? ['the headers'] : []),
    ...(sendsPin(http) ? ['the PINs that callers enter'] : []),
    "callers' numbers and balances",
  ];
  return [
    `billing.http.url is plain http to ${host}: anybody on the way can read ${what.join(', ')}. Write https:.`,
  ];
}

function plainDatabase(key: string, { socket, host, tls }: DatabaseSettings): string[] {
  if (socket !== undefined || tls === true || isThisMachine(host)) return [];
  return [
    `${key} is on another machine (${host}) without TLS: anybody on the way can read and change the data. Set its ` +
      '`ca` (docs/store.md).',
  ];
}

function isThisMachine(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|\[?::ffff:127\.[\d.]+\]?)$/i.test(host);
}

/** Secrets that stand in a source of the config which every user of this machine may read. */
async function inFiles({ config, sources = [] }: LoadedConfig): Promise<string[]> {
  const secrets = secretsOf(config);
  const notes: string[] = [];
  // Where the config imports from 'holdcast', the program is among its sources.
  const own = ['dist', 'src'].map((name) => join(packageRoot(), name) + sep);
  for (const file of secrets.length > 0 ? sources : []) {
    if (own.some((folder) => file.startsWith(folder)) || !(await isEverybodys(file))) continue;
    const text = await promises.readFile(file, 'utf8').catch(() => '');
    const keys = secrets.filter(({ value }) => stands(value, text)).map(({ key }) => key);
    if (keys.length > 0)
      notes.push(
        `Every user of this machine may read ${keys.join(', ')} in ${file}. Take it from the environment (process.env), ` +
          `or: chgrp asterisk ${file} && chmod 0640 ${file}.`,
      );
  }
  return notes;
}

interface Secret {
  readonly key: string;
  readonly value: string;
}

function secretsOf({ ami, billing, store }: ResolvedConfig): Secret[] {
  const { source } = billing ?? {};
  const http = source && 'http' in source ? source.http : undefined;
  const sql = source && 'sql' in source ? source.sql.database.password : undefined;
  const all = [
    ['ami.secret', ami?.secret],
    ['billing.http.password', http?.password],
    ['billing.http.token', http?.token],
    ...Object.entries(http?.headers ?? {})
      .filter(([name]) => SECRET_NAME.test(name))
      // "Bearer x" is often made of a literal that has the x.
      .map(([name, value]) => [`billing.http.headers['${name}']`, value?.split(' ').at(-1)] as const),
    ...inQuery(http?.url).map((value) => ['billing.http.url', value] as const),
    ['billing.sql.database.password', sql],
    ['store.mysql.password', store.mysql?.password],
  ] as const;
  return all.flatMap(([key, value]) => (value ? [{ key, value }] : []));
}

const SECRET_NAME = /key|token|secret|auth|pass|cookie/i;

/** Not what a placeholder is for. */
function inQuery(url: string | undefined): string[] {
  if (url === undefined) return [];
  const [, query = ''] = /\?([^#]*)/.exec(url) ?? [];
  return [...new URLSearchParams(query)]
    .filter(([name, value]) => SECRET_NAME.test(name) && !/[{}]/.test(value))
    .map(([, value]) => value);
}

/** A short one would be found in any text: only where it is all of a literal. */
function stands(value: string, text: string): boolean {
  // As it is, or with some characters escaped.
  if (value.length >= 6) return text.includes(value) || unescaped(text).includes(unescaped(value));
  return ["'", '"', '`'].some((quote) => text.includes(quote + value + quote));
}

function unescaped(text: string): string {
  return text.replaceAll('\\', '');
}

/** A user of whom no file is. */
const ANYBODY = { name: 'anybody', uid: -1, gid: -1, groups: [], home: '/' };

async function isEverybodys(file: string): Promise<boolean> {
  return !(await obstacle(await promises.realpath(file).catch(() => file), ANYBODY, ['r']));
}

async function unspoken({ voices, language }: ResolvedConfig): Promise<string[]> {
  const findings = await checkVoices({ voices, language, currencies: [] });
  return findings
    .filter(({ code }) => code === 'HC_VOICE_LANGUAGE')
    .map(
      ({ message, hint }) =>
        `${message[0]!.toUpperCase()}${message.slice(1)}: callers hear no balance and no place in it. ${hint}`,
    );
}
