// The version for `--version` and cache keys; bin/build.mjs inserts it from package.json.
declare const HOLDCAST_VERSION: string | undefined;

export const version: string = typeof HOLDCAST_VERSION === 'string' ? HOLDCAST_VERSION : '0.0.0-source';
