/** What the person says, kept until it is known what became of it. */

import { randomId, systemClock } from "./adapters.js";
import type { ChannelEntry, ClientFrame, Entry, MessageInput, Problem, Sent, ServerFrame, Welcome } from "./frames.js";
import type { Connection, Line } from "./line.js";
import type { Clock, Options } from "./ports.js";
import { Refused, refusal } from "./refused.js";
import { toldMs, waitMs } from "./waits.js";

/** So many messages are pending at the most, where the application says nothing else. */
const PENDING_AT_MOST = 100;
/** So long may a frame be, where the server says nothing else. */
const BYTES_AT_MOST = 65_536;
const UNAVAILABLE = 503;

/** A message of which it is not known yet what became. */
interface Pending {
    readonly stream: string;
    readonly client_id: string;
    /** It stays as it was given: other words under the same `client_id` are refused. */
    readonly frame: ClientFrame;
    readonly bytes: number;
    /** The connection over which it was said last; none where it has to be said again. */
    saidOn: Connection | undefined;
    /** How often the server put it off. */
    putOff: number;
    readonly resolve: (sent: Sent) => void;
    readonly reject: (why: Refused) => void;
}

/** A stream in which nothing is said for a while. */
interface Pause {
    readonly until: number;
    readonly ms: number;
    readonly stop: () => void;
}

/** The messages that are pending, in the order in which they were given. */
export class Outbox {
    private readonly clock: Clock;
    private readonly random: () => number;
    private readonly newId: () => string;
    private readonly atMost: number;
    /** By `client_id`. */
    private readonly pending = new Map<string, Pending>();
    private readonly pauses = new Map<string, Pause>();
    private person_id: string | undefined;
    private bytesAtMost = BYTES_AT_MOST;
    /** The connection over which messages are said, from `begin` on. */
    private begun: Connection | undefined;

    /** Nothing is said in a stream before `isReady`; `goOn` when it may be. */
    constructor(
        options: Options,
        private readonly line: Line,
        private readonly isReady: (stream: string) => boolean,
    ) {
        this.clock = options.clock ?? systemClock;
        this.random = options.random ?? Math.random;
        this.newId = options.newId ?? randomId;
        this.atMost = options.pendingAtMost ?? PENDING_AT_MOST;
    }

    /** Says something now or when that is possible. */
    async send(stream: string, input: MessageInput): Promise<Sent> {
        if (this.pending.size >= this.atMost) {
            throw refusal("too-many-pending", `No more than ${this.atMost} messages wait for their answer; try again later.`);
        }
        const client_id: unknown = input.client_id ?? this.newId();
        // Without these the server could not say what it answers.
        if (typeof client_id !== "string" || client_id === "" || typeof stream !== "string") {
            throw refusal("not-a-message", "The stream and the client_id are texts that say something.");
        }
        if (this.pending.has(client_id)) {
            throw refusal("pending-already", `The message ${client_id} waits for its answer.`);
        }
        const frame: ClientFrame = { type: "send", stream, message: { ...input, client_id } };
        const bytes = bytesOf(JSON.stringify(frame));
        return new Promise((resolve, reject) => {
            this.pending.set(client_id, { stream, client_id, frame, bytes, saidOn: undefined, putOff: 0, resolve, reject });
            this.goOn();
        });
    }

    /** From now on messages are said over this connection, and those again that no other answered. */
    begin(connection: Connection): void {
        if (this.begun !== connection) {
            this.begun = connection;
            for (const [stream, { until, ms }] of this.pauses) this.wait(stream, until, ms);
        }
        this.goOn();
    }

    /** No timer runs until the next `begin`. */
    rest(): void {
        for (const pause of this.pauses.values()) pause.stop();
    }

    /** Takes from what comes what settles a message. */
    hear(frame: ServerFrame): void {
        switch (frame.type) {
            case "welcome":
                return this.welcome(frame);
            case "sent":
                return this.settle(frame.stream, frame.client_id, frame);
            case "entries":
                return frame.items.forEach((item) => this.echo(frame.stream, item));
            case "error":
                if (frame.of === "send" && frame.client_id != null) this.refused(frame.client_id, frame.problem);
                return;
            default: // It is about no message.
        }
    }

    /** The stream is none of the person's any more. */
    left(stream: string): void {
        this.pauses.get(stream)?.stop();
        this.pauses.delete(stream);
        for (const one of [...this.pending.values()]) {
            if (one.stream === stream) this.refuse(one, refusal("left", "Nothing can be said in this stream any more."));
        }
    }

    private welcome({ person_id, bytes_at_most }: Welcome): void {
        if (this.person_id !== undefined && this.person_id !== person_id) {
            const why = refusal("somebody-else", "A message is not said in the name of somebody else.");
            for (const one of [...this.pending.values()]) this.refuse(one, why);
        }
        this.person_id = person_id;
        this.bytesAtMost = bytes_at_most >= 1 ? bytes_at_most : BYTES_AT_MOST;
    }

    /** Says what was not said over this connection; in each stream nothing before an older one. */
    private goOn(): void {
        const connection = this.line.live();
        if (connection === undefined || connection !== this.begun) return;
        for (const one of this.pending.values()) {
            if (one.saidOn === connection || this.pauses.has(one.stream) || !this.isReady(one.stream)) continue;
            if (one.bytes > this.bytesAtMost) {
                // The server would close, and again whenever it is said again.
                this.refuse(one, refusal("too-large", `It has ${one.bytes} bytes, and ${this.bytesAtMost} are taken.`));
                continue;
            }
            one.saidOn = connection;
            this.line.say(connection, one.frame);
        }
    }

    /** An entry may be a message of this person. What it is else is not known here. */
    private echo(stream: string, { message, number, id, at }: Entry & Partial<ChannelEntry>): void {
        if (message?.author !== undefined && message.author === this.person_id) {
            this.settle(stream, message.client_id, { number, id: String(id), at: String(at) });
        }
    }

    private settle(stream: string, client_id: string, { number, id, at }: Sent): void {
        const one = this.pending.get(client_id);
        if (one?.stream !== stream) return;
        this.pending.delete(client_id);
        one.resolve({ number, id, at });
    }

    private refused(client_id: string, problem: Problem): void {
        const one = this.pending.get(client_id);
        if (!one) return;
        const told_ms = toldMs(problem.retry_after_ms);
        if (told_ms === undefined && problem.status !== UNAVAILABLE) return this.refuse(one, new Refused(problem));
        one.saidOn = undefined;
        one.putOff += 1;
        const ms = waitMs(one.putOff, told_ms, this.random);
        const until = this.clock.now() + ms;
        // Another of the stream may have been put off for longer.
        if (until >= (this.pauses.get(one.stream)?.until ?? 0)) this.wait(one.stream, until, ms);
    }

    private refuse(one: Pending, why: Refused): void {
        this.pending.delete(one.client_id);
        one.reject(why);
    }

    /** Says nothing in a stream until then, and for so long at the most where the clock was set. */
    private wait(stream: string, until: number, ms: number): void {
        this.pauses.get(stream)?.stop();
        const stop = this.clock.after(Math.max(0, Math.min(until - this.clock.now(), ms)), () => {
            this.pauses.delete(stream);
            this.goOn();
        });
        this.pauses.set(stream, { until, ms, stop });
    }
}

/** How long a text is in UTF-8. */
function bytesOf(text: string): number {
    let bytes = 0;
    for (const letter of text) {
        const code = letter.codePointAt(0) ?? 0;
        bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
    }
    return bytes;
}
