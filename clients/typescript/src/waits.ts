/** How long is waited before something is tried again. */

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The time that the server told, where it told one that makes sense. */
export function toldMs(ms: unknown): number | undefined {
    return typeof ms === "number" && ms >= 0 ? Math.min(ms, HOUR_MS) : undefined;
}

/** The time that was told; from the second failure in a row on not less than one that grows. */
export function waitMs(failures: number, told_ms: number | undefined, random: () => number): number {
    const least_ms = failures > 1 ? FIRST_WAIT_MS : 0;
    const most_ms = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    const grown_ms = least_ms + random() * (most_ms - least_ms);
    const isAsTold = told_ms !== undefined && failures === 1;
    return isAsTold ? told_ms : Math.max(told_ms ?? 0, grown_ms);
}
