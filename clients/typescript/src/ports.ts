/** What the client is given by its application: connections, cursors, a clock, tokens, and ears. */

import type { Entry, Problem } from "./frames.js";

/** A WebSocket, whatever makes it. `onclose` comes once, also where no connection came about. */
export interface Transport {
    onopen: () => void;
    onmessage: (text: string) => void;
    /** With 1006 and no reason where the line broke. Need not come after `close`. */
    onclose: (code: number, reason: string) => void;
    send(text: string): void;
    close(): void;
}

/** Begins a connection; the client sets the listeners before anything happens. */
export type Connect = (url: string) => Transport;

/** Where the cursors of one person are kept. The client has its own copy while it runs. */
export interface CursorStore {
    /** The cursor that was saved last; none for a stream that is new here. */
    load(stream: string): string | undefined | Promise<string | undefined>;
    /** Keeps a cursor. No entry is handed out before this is done, and none if it fails. */
    save(stream: string, cursor: string): void | Promise<void>;
}

/** The time, and timers. */
export interface Clock {
    /** Milliseconds since 1970. It need not be right. */
    now(): number;
    /** Calls back later, unless the function that it gives is called before. */
    after(ms: number, run: () => void): () => void;
}

/** How it goes: `waiting` for another try, `connecting`, `live`, or `stopped`. */
export type State = "stopped" | "connecting" | "live" | "waiting";

/** Who is told. None of these is waited for; what they throw goes to `failed`. */
export interface Handlers {
    /** The next entries of a stream, each once and in order. The cursor is behind them already. */
    entries(stream: string, items: Entry[], more: boolean): void;
    /** Entries up to the number `floor` that did not come are kept no more; what is kept follows. */
    gap(stream: string, floor: number): void;
    /** What is had of this stream is of another past: forget it. It comes again from the beginning. */
    reset(stream: string): void;
    /** The client will not connect again by itself: the person has to sign in, or it makes no sense. */
    ended(action: "sign_in" | "stop", code: number): void;
    /** Something threw: a handler, the store, `token` or `connect`. */
    failed(error: unknown): void;
    /** The stream is none of the person's any more, and is followed no more. Its cursor stays in the store. */
    left?(stream: string): void;
    /** How far the person has read a stream, on whatever device. */
    read?(stream: string, read_to: number, unread: number): void;
    /** A stream is not followed, and why. */
    refused?(stream: string, problem: Problem): void;
    /** The server did not do what a frame of this type asked. What became of a message `send` tells. */
    error?(of: string | null, problem: Problem): void;
    /** How it goes now. */
    state?(state: State): void;
}

/** What a client needs. */
export interface Options {
    /** Such as `wss://example.org/v1/socket`. The token is never in it. */
    url: string;
    connect: Connect;
    /**
     * The access token; null where the person has to sign in. Where `isFresh` another than before
     * is wanted, since that one runs out or is not good. It has to come or fail some time.
     */
    token(isFresh: boolean): string | null | Promise<string | null>;
    handlers: Handlers;
    /** The language of texts, as in `Accept-Language`. */
    language?: string;
    /** In memory where it is left out. */
    store?: CursorStore;
    clock?: Clock;
    /** From 0 to below 1. */
    random?: () => number;
    /** Makes the `client_id` of a message: 1 to 64 visible ASCII characters, never the same again. */
    newId?: () => string;
    /**
     * So many messages may be pending, 100 where it is left out. All are said again over a new
     * connection, and the server takes 400 frames at once.
     */
    pendingAtMost?: number;
}

/** Tells the application something. What it throws goes to `failed`, and no further. */
export function tell(handlers: Handlers, say: (handlers: Handlers) => void): void {
    try {
        say(handlers);
    } catch (error) {
        report(handlers, error);
    }
}

/** Tells the application that something threw. */
export function report(handlers: Handlers, error: unknown): void {
    try {
        handlers.failed(error);
    } catch {
        // There is nobody else to tell.
    }
}
