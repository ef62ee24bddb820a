/**
 * The client's half of the live socket, as `openapi/asyncapi.yaml` has it: streams are followed
 * over one connection after the other, each of their entries is handed out once and in order, and
 * what the person says in them is said once.
 */

import { memoryStore } from "./adapters.js";
import type { Entries, Entry, MessageInput, Sent, ServerFrame, Subscribed } from "./frames.js";
import { Line } from "./line.js";
import type { Connection } from "./line.js";
import { Outbox } from "./outbox.js";
import { report, tell } from "./ports.js";
import type { CursorStore, Handlers, Options } from "./ports.js";

/** The id of no `subscribe`. */
const NONE = "";

/** A stream that is followed. */
interface Following {
    /** Where it begins if no cursor is stored: with all, or with what comes from now on. */
    readonly from: "0" | null;
    /** Left out until it is loaded; null until the server told one. */
    cursor?: string | null;
    /** The `subscribe` that is not answered yet: what comes before its answer is of an older one. */
    asked: string | undefined;
    isAfterGap: boolean;
    /** Behind which cursor an entry was missing last. */
    holeBehind?: string | null;
}

/** Follows the streams of one person. */
export class Client {
    private readonly line: Line;
    private readonly outbox: Outbox;
    private readonly store: CursorStore;
    private readonly handlers: Handlers;
    private readonly streams = new Map<string, Following>();
    private subscribes = 0;
    /** What comes is taken one after the other, since the store may take its time. */
    private work = Promise.resolve();

    constructor(options: Options) {
        this.line = new Line(options, {
            hear: (connection, frame) => this.hear(connection, frame),
            stopped: () => this.outbox.rest(),
        });
        // What is said in a stream that is followed from now on comes behind that.
        this.outbox = new Outbox(options, this.line, (name) => !this.isNew(name));
        this.store = options.store ?? memoryStore();
        this.handlers = options.handlers;
    }

    /** Connects, and connects again whenever that makes sense. */
    start(): void {
        this.line.start();
    }

    /** Hangs up, until `start`. Entries whose cursor is being saved are still handed out; messages stay pending. */
    stop(): void {
        this.line.stop();
    }

    /** Follows these streams as well, from their stored cursor on or else `from` there. */
    follow(names: readonly string[], from: "0" | null = "0"): void {
        const added = names.filter((name) => !this.streams.has(name));
        for (const name of added) this.streams.set(name, { from, asked: NONE, isAfterGap: false });
        const connection = this.line.live();
        // Before `welcome` they wait for it.
        if (connection) this.enqueue(connection, () => this.subscribe(connection, added.filter(this.isNew, this)));
    }

    /** Follows these streams no more; their cursors stay in the store. */
    unfollow(names: readonly string[]): void {
        const streams = names.filter((name) => this.streams.delete(name));
        const connection = this.line.live();
        if (connection && streams.length > 0) this.line.say(connection, { type: "unsubscribe", streams });
    }

    /**
     * Says something in a stream, now or when the client is connected, and again over each new
     * connection until it is known what became of it. Rejects with a `Refused`: with the server's
     * problem, or one of the client's own.
     */
    send(stream: string, message: MessageInput): Promise<Sent> {
        return this.outbox.send(stream, message);
    }

    /** Says that the person has read a stream up to this number; whether that could be said. */
    read(stream: string, number: number): boolean {
        const connection = this.line.live();
        if (connection) this.line.say(connection, { type: "read", stream, number });
        return connection !== undefined;
    }

    /** What settles a message does not wait for the store. */
    private hear(connection: Connection, frame: ServerFrame): void {
        try {
            this.outbox.hear(frame);
        } catch (error) {
            return this.broke(connection, error);
        }
        this.enqueue(connection, () => this.take(connection, frame));
    }

    private broke(connection: Connection, error: unknown): void {
        report(this.handlers, error);
        this.line.giveUp(connection);
    }

    /** What a connection brought before it ended is left out: the next one brings it again. */
    private enqueue(connection: Connection, job: () => Promise<void> | void): void {
        this.work = this.work.then(async () => {
            if (!this.line.isCurrent(connection)) return;
            try {
                await job();
            } catch (error) {
                this.broke(connection, error);
            }
        });
    }

    private take(connection: Connection, frame: ServerFrame): Promise<void> | void {
        switch (frame.type) {
            case "welcome":
                return this.subscribe(connection, [...this.streams.keys()]);
            case "subscribed":
                return this.subscribed(frame);
            case "entries":
                return this.entries(connection, frame);
            case "gap":
                return this.gap(frame.stream, frame.floor);
            case "reset":
                return this.reset(connection, frame.stream);
            case "left":
                return this.left(frame.stream);
            case "read":
                return tell(this.handlers, (told) => told.read?.(frame.stream, frame.read_to, frame.unread));
            case "error":
                // Who sent the message is told by its promise.
                if (frame.of === "send" && frame.client_id != null) return;
                return tell(this.handlers, (told) => told.error?.(frame.of ?? null, frame.problem));
            default: // What is not known is ignored.
        }
    }

    private async subscribe(connection: Connection, names: readonly string[]): Promise<void> {
        for (const name of names.filter(this.isNew, this)) {
            const cursor = await this.store.load(name);
            const stream = this.streams.get(name);
            if (stream) stream.cursor = cursor ?? stream.from;
        }
        if (!this.line.isCurrent(connection)) return;
        const id = String(++this.subscribes);
        const cursors: [string, string | null][] = [];
        for (const name of names) {
            const stream = this.streams.get(name);
            if (stream?.cursor === undefined) continue;
            stream.asked = id;
            stream.isAfterGap = false;
            cursors.push([name, stream.cursor]);
        }
        if (cursors.length > 0) this.line.say(connection, { type: "subscribe", id, streams: Object.fromEntries(cursors) });
        this.outbox.begin(connection);
    }

    private subscribed(frame: Subscribed): void {
        for (const stream of this.streams.values()) {
            if (stream.asked === frame.id) stream.asked = undefined;
        }
        for (const [name, problem] of Object.entries(frame.refused)) {
            tell(this.handlers, (told) => told.refused?.(name, problem));
        }
    }

    private async entries(connection: Connection, { stream: name, items, cursor, more }: Entries): Promise<void> {
        const stream = this.followed(name);
        if (!stream) return;
        let mayBegin = stream.cursor == null || stream.isAfterGap;
        let last = stream.cursor == null ? -1 : numberOf(stream.cursor);
        const fresh: Entry[] = [];
        for (const item of items) {
            if (item.number <= last) continue;
            if (item.number !== last + 1 && !mayBegin) return this.hole(connection, name, stream);
            mayBegin = false;
            last = item.number;
            fresh.push(item);
        }
        if (fresh.length === 0) {
            if (numberOf(cursor) <= last) return;
            // It is as far as that, without the entries in between.
            if (!mayBegin) return this.hole(connection, name, stream);
        }
        await this.store.save(name, cursor);
        stream.cursor = cursor;
        stream.isAfterGap = false;
        if (fresh.length > 0) tell(this.handlers, (told) => told.entries(name, fresh, more));
    }

    /**
     * Nothing of such a frame is taken: its cursor is behind the hole, and none is known that is
     * before it. Where the same is missing again the connection is given up, or it would not end.
     */
    private async hole(connection: Connection, name: string, stream: Following): Promise<void> {
        if (stream.holeBehind === stream.cursor) throw new Error(`${name} lacks an entry behind ${stream.cursor}`);
        stream.holeBehind = stream.cursor ?? null;
        this.line.say(connection, { type: "unsubscribe", streams: [name] });
        await this.subscribe(connection, [name]);
    }

    private gap(name: string, floor: number): void {
        const stream = this.followed(name);
        if (!stream) return;
        stream.isAfterGap = true;
        tell(this.handlers, (told) => told.gap(name, floor));
    }

    private async reset(connection: Connection, name: string): Promise<void> {
        const stream = this.followed(name);
        if (!stream) return;
        await this.store.save(name, "0");
        stream.cursor = "0";
        tell(this.handlers, (told) => told.reset(name));
        await this.subscribe(connection, [name]);
    }

    private left(name: string): void {
        if (!this.followed(name)) return;
        this.streams.delete(name);
        this.outbox.left(name);
        tell(this.handlers, (told) => told.left?.(name));
    }

    /** The stream of this name, if what comes now is of the last `subscribe`. */
    private followed(name: string): Following | undefined {
        const stream = this.streams.get(name);
        return stream?.asked === undefined ? stream : undefined;
    }

    /** Whether a stream was not subscribed to yet. */
    private isNew(name: string): boolean {
        return this.streams.has(name) && this.streams.get(name)?.cursor === undefined;
    }
}

/** A cursor begins with the number of the last entry before it. */
function numberOf(cursor: string): number {
    return Number.parseInt(cursor, 10);
}
