// The environment file of the hub's service, where the AMI password lies if it is not in the config itself.
// An operator's shell does not have it, so the commands that look at the same config read it too.
import { readRegularSync } from '../util/regularFile';

/** As in packaging/systemd/holdcast-hub.service. */
export const HUB_ENVIRONMENT = '/etc/holdcast/environment';

const MOST_BYTES = 1 << 20;

/** Sets in `env` what the file names and `env` has not. A file that is not there or may not be read changes nothing. */
export function adoptHubEnvironment(env: NodeJS.ProcessEnv, file = HUB_ENVIRONMENT): void {
  let text: string;
  try {
    text = readRegularSync(file, MOST_BYTES).toString('utf8');
  } catch {
    return;
  }
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(HOLDCAST_\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) env[name] ??= value.replace(/^(["'])(.*)\1$/, '$2');
  }
}
