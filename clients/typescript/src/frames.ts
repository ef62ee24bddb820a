/**
 * What is said over the socket, as `openapi/asyncapi.yaml` has it: a JSON object a frame, told
 * apart by `type`. New types and members may come, so all of these are "at least that".
 */

import { toldMs } from "./waits.js";

/** Why something was not done (RFC 9457). */
export interface Problem {
    type: string;
    title: string;
    status: number;
    detail: string;
    errors?: { pointer: string; code: string; detail: string }[];
    retry_after_ms?: number | null;
}

/** An entry of a stream. What else it has depends on the stream. */
export interface Entry {
    /** Its place in the stream, from 1; no number is left out. */
    number: number;
    [member: string]: unknown;
}

/** An entry of the stream `inbox`. */
export interface InboxEntry extends Entry {
    id: string;
    at: string;
    kind: string;
    urgent: boolean;
    text: string;
    about?: { kind: string; id: string } | null;
}

/** An entry of a channel. */
export interface ChannelEntry extends Entry {
    id: string;
    at: string;
    /** What it is: `opened`, `message`, `recalled`, or `hidden` where it is not the person's to see. */
    kind: string;
    message?: Message;
    recalled?: { number: number; by: string };
}

/** A message. */
export interface Message {
    id: string;
    author: string;
    /** The name that the author's device gave it. */
    client_id: string;
    /** Null where it was recalled, or forgotten with its author. */
    text: string | null;
    /** The number of the message that it answers. */
    reply_to?: number;
    recalled: boolean;
}

/** Something to be said. */
export interface MessageInput {
    /** A name that no other message of the person has; the client makes one where it is left out. */
    client_id?: string;
    text?: string;
    /** The number of the message that it answers. */
    reply_to?: number | null;
}

/** What became of a message: the number and id of its entry, and when. */
export interface Sent {
    number: number;
    id: string;
    at: string;
}

/** What a client says. */
export type ClientFrame =
    | { type: "hello"; token: string; language?: string | undefined }
    | { type: "refresh"; token: string }
    | { type: "subscribe"; id: string; streams: Record<string, string | null> }
    | { type: "unsubscribe"; streams: string[] }
    | { type: "send"; stream: string; message: MessageInput }
    | { type: "read"; stream: string; number: number }
    | { type: "ping" }
    | { type: "pong" };

/** The token is good. */
export interface Welcome {
    type: "welcome";
    person_id: string;
    expires_at: string;
    /** The server's time; older servers do not tell it. */
    now?: string;
    heartbeat_s: number;
    streams_at_most: number;
    bytes_at_most: number;
}

/** What became of `subscribe`. */
export interface Subscribed {
    type: "subscribed";
    id?: string | null;
    followed: number;
    refused: Record<string, Problem>;
}

/** The next entries of a stream, with the cursor behind them. */
export interface Entries {
    type: "entries";
    stream: string;
    items: Entry[];
    cursor: string;
    more: boolean;
}

/** The cursor is of another past; the stream is followed no more. */
export interface Reset {
    type: "reset";
    stream: string;
    number: number;
    floor: number;
}

/** What the server says. */
export type ServerFrame =
    | Welcome
    | { type: "refreshed"; expires_at: string }
    | Subscribed
    | Entries
    | { type: "gap"; stream: string; floor: number }
    | Reset
    | ({ type: "sent"; stream: string; client_id: string } & Sent)
    | { type: "left"; stream: string }
    | { type: "read"; stream: string; read_to: number; unread: number }
    | { type: "error"; of?: string | null; client_id?: string | null; problem: Problem }
    | { type: "ping" }
    | { type: "pong"; id?: string | null };

/** Reads a frame; none where it is not one. Its type may be one that is not known here. */
export function parseFrame(text: string): ServerFrame | undefined {
    try {
        const frame: unknown = JSON.parse(text);
        if (typeof frame !== "object" || frame === null || !("type" in frame)) return undefined;
        return typeof frame.type === "string" ? (frame as ServerFrame) : undefined;
    } catch {
        return undefined;
    }
}

/** What a client does when its connection is closed. */
export type Action = "reconnect" | "refresh" | "sign_in" | "stop";

const ACTIONS: readonly Action[] = ["reconnect", "refresh", "sign_in", "stop"];
/** Where the reason got lost on the way, the codes that are about the person and not the line. */
const BY_CODE: Partial<Record<number, Action>> = { 4001: "refresh", 4002: "refresh", 4003: "sign_in", 4007: "stop" };

/** What the close code says that is done now, and after how many milliseconds. */
export function parseClose(code: number, reason: string): { action: Action; retry_after_ms: number | undefined } {
    let told: { action?: unknown; retry_after_ms?: unknown } = {};
    try {
        told = Object(JSON.parse(reason));
    } catch {
        // The line broke, or somebody on the way closed it.
    }
    return {
        action: ACTIONS.find((action) => action === told.action) ?? BY_CODE[code] ?? "reconnect",
        retry_after_ms: toldMs(told.retry_after_ms),
    };
}
