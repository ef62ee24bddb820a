/** What the client stands on where it runs: a browser, a WeChat mini program, Node. */

import type { Clock, Connect, CursorStore, Transport } from "./ports.js";

/** No connection came about, or it broke (RFC 6455, 7.1.5). */
const BROKEN = 1006;
const NORMAL = 1000;

/** What is used of a browser's `WebSocket`. */
export interface WebSocketLike {
    onopen: ((event: never) => unknown) | null;
    onmessage: ((event: never) => unknown) | null;
    onclose: ((event: never) => unknown) | null;
    send(text: string): void;
    close(code?: number): void;
}

/** Connects by a browser's `WebSocket`, or one that is like it. */
export function webSocket(make: new (url: string) => WebSocketLike): Connect {
    return (url) => {
        const socket = new make(url);
        const transport = silent(
            (text) => socket.send(text),
            () => socket.close(NORMAL),
        );
        socket.onopen = () => transport.onopen();
        socket.onmessage = (event: { data: unknown }) => {
            if (typeof event.data === "string") transport.onmessage(event.data);
        };
        // `onerror` says nothing that `onclose` does not, and that follows.
        socket.onclose = (event: { code: number; reason: string }) => transport.onclose(event.code, event.reason);
        return transport;
    };
}

/** What is used of the `SocketTask` of a WeChat mini program. */
export interface WxSocketTask {
    onOpen(listener: () => void): void;
    onMessage(listener: (event: { data: string | ArrayBuffer }) => void): void;
    onClose(listener: (event: { code: number; reason: string }) => void): void;
    onError(listener: (event: { errMsg: string }) => void): void;
    send(options: { data: string; fail?: () => void }): void;
    close(options: { code?: number }): void;
}

/** What is used of `wx`. */
export interface Wx {
    connectSocket(options: { url: string; fail?: () => void }): WxSocketTask;
}

/** Connects by `wx.connectSocket`. The domain has to be listed with WeChat as one of sockets. */
export function wxSocket(wx: Wx): Connect {
    return (url) => {
        let isClosed = false;
        // What failed may say so by `fail`, `onError`, `onClose` or several of them.
        const closed = (code: number, reason: string): void => {
            if (isClosed) return;
            isClosed = true;
            transport.onclose(code, reason);
        };
        // Never before the client listens.
        const broke = (): void => void Promise.resolve().then(() => closed(BROKEN, ""));
        const task = wx.connectSocket({ url, fail: broke });
        const transport = silent(
            (text) => task.send({ data: text, fail: broke }),
            () => task.close({ code: NORMAL }),
        );
        task.onOpen(() => transport.onopen());
        task.onMessage(({ data }) => {
            if (typeof data === "string") transport.onmessage(data);
        });
        task.onClose((event) => closed(event.code, event.reason));
        task.onError(broke);
        return transport;
    };
}

/** Cursors that are gone with the program: everything comes again from where it is followed. */
export function memoryStore(): CursorStore {
    const cursors = new Map<string, string>();
    return {
        load: (stream) => cursors.get(stream),
        save: (stream, cursor) => void cursors.set(stream, cursor),
    };
}

/** The time and the timers of the device. */
export const systemClock: Clock = {
    now: () => Date.now(),
    after(ms, run) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
    },
};

/** An id that no other has. Without `crypto`, as in mini programs, it is of the time and three throws of dice. */
export function randomId(): string {
    if (typeof crypto !== "undefined" && typeof crypto.getRandomValues === "function") {
        return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    const dice = (): string => Math.random().toString(36).slice(2);
    return [Date.now().toString(36), dice(), dice(), dice()].join("-");
}

function silent(send: Transport["send"], close: Transport["close"]): Transport {
    return { onopen: () => {}, onmessage: () => {}, onclose: () => {}, send, close };
}
