/** A clock that is moved, a server that says what the test says, and an application that keeps notes. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";

import { Client } from "../src/index.js";
import type { Clock, Options, Refused, Transport } from "../src/index.js";

export const EPOCH = Date.parse("2026-12-01T08:00:00Z");

export class FakeClock implements Clock {
    time = EPOCH;
    private timers: { at: number; run: () => void }[] = [];

    now(): number {
        return this.time;
    }

    after(ms: number, run: () => void): () => void {
        assert.ok(ms >= 0 && ms < 2 ** 31, `a timer of ${ms} ms`);
        const timer = { at: this.time + ms, run };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((other) => other !== timer));
    }

    /** How many timers run. */
    get running(): number {
        return this.timers.length;
    }

    /** Somebody sets the clock; timers do not mind. */
    set(by_ms: number): void {
        this.time += by_ms;
        for (const timer of this.timers) timer.at += by_ms;
    }

    /** Moves on, and lets everything happen that is due in between, in order. */
    async advance(ms: number): Promise<void> {
        const until = this.time + ms;
        await settled();
        for (;;) {
            const [next] = this.timers.sort((a, b) => a.at - b.at);
            if (!next || next.at > until) break;
            this.timers = this.timers.filter((other) => other !== next);
            this.time = Math.max(this.time, next.at);
            next.run();
            await settled();
        }
        this.time = until;
    }
}

/** Waits until all promises that can be kept are. */
export async function settled(): Promise<void> {
    await setImmediate();
}

/** A connection as the server sees it. */
export class FakeSocket implements Transport {
    onopen = (): void => {};
    onmessage = (_: string): void => {};
    onclose = (_: number, __: string): void => {};
    /** What the client said. */
    said: Record<string, any>[] = [];
    /** Whether the client hung up. */
    isHungUp = false;

    send(text: string): void {
        this.said.push(JSON.parse(text));
    }

    close(): void {
        this.isHungUp = true;
    }

    /** The last thing that the client said of this type. */
    last(type: string): Record<string, any> {
        const found = this.said.filter((frame) => frame.type === type).pop();
        assert.ok(found, `the client said ${type}`);
        return found;
    }

    /** How often the client said this. */
    count(type: string): number {
        return this.said.filter((frame) => frame.type === type).length;
    }

    /** The server says something. */
    async say(...frames: unknown[]): Promise<void> {
        for (const frame of frames) this.onmessage(typeof frame === "string" ? frame : JSON.stringify(frame));
        await settled();
    }

    /** The server closes. */
    async hangUp(code: number, reason: unknown): Promise<void> {
        this.onclose(code, typeof reason === "string" ? reason : JSON.stringify(reason));
        await settled();
    }
}

export const item = (number: number): { number: number; id: string } => ({ number, id: `ent_${number}` });

/** The cursor behind an entry. */
export const cursor = (number: number): string => (number === 0 ? "0" : `${number}.${String(number).padStart(32, "0")}`);

/** An `entries` frame with these numbers. */
export function entries(numbers: number[], more = false, stream = "inbox"): Record<string, unknown> {
    return { type: "entries", stream, items: numbers.map(item), cursor: cursor(numbers[numbers.length - 1] ?? 0), more };
}

export function welcome(minutes = 15): Record<string, unknown> {
    const expires_at = new Date(EPOCH + minutes * 60_000).toISOString();
    return { type: "welcome", person_id: "per_1", expires_at, heartbeat_s: 25, streams_at_most: 500, bytes_at_most: 65536 };
}

/** A message as an entry of a channel; of the client's own person where nobody else is named. */
export function message(number: number, client_id: string, author = "per_1"): Record<string, unknown> {
    const said = { id: `msg_${number}`, author, client_id, text: "…", recalled: false };
    return { ...item(number), at: "2026-12-01T08:00:01Z", kind: "message", message: said };
}

/** An `entries` frame of the stream `chat` with these entries. */
export function chat(...items: Record<string, unknown>[]): Record<string, unknown> {
    return { type: "entries", stream: "chat", items, cursor: cursor(Number(items[items.length - 1]?.number)), more: false };
}

/** The frame that says that a message is durable. */
export function sent(number: number, client_id: string, stream = "chat"): Record<string, unknown> {
    return { type: "sent", stream, client_id, id: `ent_${number}`, number, at: "2026-12-01T08:00:01Z" };
}

/** The frame that says that a message is not. */
export function unsent(client_id: string, status: number, retry_after_ms?: number): Record<string, unknown> {
    return { type: "error", of: "send", client_id, problem: { type: "t", title: "t", status, detail: "d", retry_after_ms } };
}

/** A client, with everything around it. */
export class World {
    clock = new FakeClock();
    sockets: FakeSocket[] = [];
    /** What happened, in order: what the application was told, and what was kept. */
    notes: string[] = [];
    cursors = new Map<string, string>();
    tokens: (string | null | Error)[] = [];
    dice = 0.5;
    ids = 0;
    /** What a handler throws. */
    throws: Error | undefined;
    /** The store fails with that. */
    storeFails: Error | undefined;
    client: Client;

    constructor(options: Partial<Options> = {}) {
        const note = (text: string): void => void this.notes.push(text);
        this.client = new Client({
            url: "wss://onegrid.test/v1/socket",
            connect: (url) => {
                assert.equal(url, "wss://onegrid.test/v1/socket", "nothing is added to the address");
                const socket = new FakeSocket();
                this.sockets.push(socket);
                return socket;
            },
            token: async (isFresh) => {
                note(isFresh ? "asked for a fresh token" : "asked for a token");
                const token = this.tokens.shift() ?? null;
                if (token instanceof Error) throw token;
                return token ?? `token${this.sockets.length}`;
            },
            store: {
                load: (stream) => this.cursors.get(stream),
                save: async (stream, at) => {
                    // It takes its time.
                    for (let turns = 0; turns < 5; turns++) await undefined;
                    if (this.storeFails) throw this.storeFails;
                    this.cursors.set(stream, at);
                    note(`kept ${stream} ${at.split(".")[0]}`);
                },
            },
            handlers: {
                entries: (stream, items) => {
                    note(`${stream} ${items.map(({ number }) => number).join(",")}`);
                    if (this.throws) throw this.throws;
                },
                gap: (stream, floor) => note(`gap ${stream} ${floor}`),
                reset: (stream) => note(`reset ${stream}`),
                ended: (action, code) => note(`ended ${action} ${code}`),
                failed: (error) => note(`failed ${error instanceof Error ? error.message : error}`),
                left: (stream) => note(`left ${stream}`),
                read: (stream, read_to, unread) => note(`read ${stream} ${read_to} ${unread}`),
                refused: (stream, problem) => note(`refused ${stream} ${problem.status}`),
                error: (of, problem) => note(`error ${of} ${problem.status}`),
                state: (state) => note(`is ${state}`),
            },
            clock: this.clock,
            random: () => this.dice,
            newId: () => `m${++this.ids}`,
            ...options,
        });
    }

    /** The newest connection. */
    get socket(): FakeSocket {
        const socket = this.sockets[this.sockets.length - 1];
        assert.ok(socket, "the client connected");
        return socket;
    }

    /** What happened since this was asked last. */
    news(): string[] {
        return this.notes.splice(0);
    }

    /** The newest connection stands, and the server lets the client in. */
    async letIn(minutes?: number): Promise<void> {
        await settled();
        this.socket.onopen();
        await this.socket.say(welcome(minutes));
    }

    /** The server answers the last `subscribe`. */
    async confirm(refused = {}): Promise<void> {
        await this.socket.say({ type: "subscribed", id: this.socket.last("subscribe").id, followed: 1, refused });
    }

    /** Somebody says something; what becomes of it is noted. */
    send(text: string, stream = "chat"): void {
        this.client.send(stream, { text }).then(
            ({ number }) => void this.notes.push(`${text} is ${number}`),
            (why: Refused) => void this.notes.push(`${text} is refused: ${why.status || why.type.split(":").pop()}`),
        );
    }

    /** What was said over the newest connection: the words of the messages. */
    get words(): string[] {
        return this.socket.said.filter(({ type }) => type === "send").map(({ message }) => message.text);
    }

    /** Time passes, with the server saying something every ten seconds. */
    async quietly(ms: number): Promise<void> {
        for (let left = ms; left > 0; left -= 10_000) {
            await this.clock.advance(Math.min(left, 10_000));
            await this.socket.say({ type: "pong", id: null });
        }
    }

    /** A client that follows the stream `chat` from the beginning, and was told nothing yet. */
    async chatting(): Promise<void> {
        this.client.follow(["chat"]);
        this.client.start();
        await this.letIn();
        await this.confirm();
        this.news();
    }

    /** The line breaks, and the client is let in again. */
    async again(): Promise<void> {
        const many = this.sockets.length;
        await this.socket.hangUp(1006, "");
        while (this.sockets.length === many) await this.clock.advance(100);
        await this.letIn();
        await this.confirm();
        this.news();
    }

    /** A client that follows the inbox behind this number, and was told nothing yet. */
    async following(number: number): Promise<void> {
        if (number > 0) this.cursors.set("inbox", cursor(number));
        this.client.follow(["inbox"]);
        this.client.start();
        await this.letIn();
        await this.confirm();
        this.news();
    }
}
