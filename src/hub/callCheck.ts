// What Asterisk is asked of a call just before something of it is said: whether what was told is still right.
// Not every change makes an event, and a number or place that has gone stale would be said to the wrong person.
import type { RecordedCall } from '../session/callerRecords';
import type { CallCheck } from '../session/localRecords';

/** The same for any followed call: the Switchboard. */
export interface CallChecks {
  confirmCaller(uniqueid: string): Promise<boolean>;
  confirmPlace(uniqueid: string): Promise<boolean>;
}

/** For the office of one call. */
export function checkOf(calls: CallChecks, call: () => RecordedCall): CallCheck {
  return {
    caller: () => calls.confirmCaller(call().uniqueid),
    place: () => calls.confirmPlace(call().uniqueid),
  };
}
