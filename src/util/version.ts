// The version that `--version` prints and that cache keys carry; bin/build.mjs writes it in from package.json.
declare const HOLDCAST_VERSION: string | undefined;

export const version: string = typeof HOLDCAST_VERSION === 'string' ? HOLDCAST_VERSION : '0.0.0-source';
