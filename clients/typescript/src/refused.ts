/** Why a message was not said. */

import type { Problem } from "./frames.js";

/** A problem as an `Error`: that of the server, or one of the client's own, with the status 0. */
export class Refused extends Error implements Problem {
    declare readonly type: string;
    declare readonly title: string;
    declare readonly status: number;
    declare readonly detail: string;
    declare readonly errors?: NonNullable<Problem["errors"]>;
    declare readonly retry_after_ms?: number | null;

    constructor(problem: Problem) {
        super(problem.detail);
        this.name = "Refused";
        Object.assign(this, problem);
    }
}

/** What the client itself refuses, by the last part of the problem's `type`. */
const OWN = {
    "too-many-pending": "Too many messages are pending",
    "pending-already": "This message is pending already",
    "not-a-message": "This is no message",
    "too-large": "The message is too large",
    left: "The stream is none of the person's any more",
    "somebody-else": "Somebody else signed in",
} as const;

/** One of the client's own problems. */
export function refusal(why: keyof typeof OWN, detail: string): Refused {
    return new Refused({ type: `urn:onegrid:client:${why}`, title: OWN[why], status: 0, detail });
}
