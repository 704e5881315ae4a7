// What is the same with every Asterisk is tried on the newest, and on the older one left out: minutes for nothing new.
// Jest lists it as skipped there.
const OLDER = 'Asterisk 16';

export type Describe = (title: string, body: () => void) => void;

/** @param how `describe`, or one that itself skips for lack of something */
export function describeOnNewest(title: string, how: Describe, body: () => void): void {
  if (process.env['HOLDCAST_E2E_LABEL'] === OLDER)
    describe.skip(`${title} (on the newest Asterisk only)`, body);
  else how(title, body);
}
