import assert from "node:assert/strict";
import { test } from "node:test";

import { randomId, systemClock, webSocket, wxSocket } from "../src/index.js";
import type { Connect, Transport } from "../src/index.js";
import { settled } from "./harness.js";

/** What a client hears of a connection. */
function listen(connect: Connect): { transport: Transport; heard: string[] } {
    const heard: string[] = [];
    const transport = connect("wss://onegrid.test/v1/socket");
    transport.onopen = () => void heard.push("open");
    transport.onmessage = (text) => void heard.push(text);
    transport.onclose = (code, reason) => void heard.push(`closed ${code} ${reason}`);
    return { transport, heard };
}

test("a browser's WebSocket", () => {
    class Fake {
        static made: Fake[] = [];
        onopen: ((event: object) => void) | null = null;
        onmessage: ((event: { data: unknown }) => void) | null = null;
        onclose: ((event: { code: number; reason: string }) => void) | null = null;
        did: unknown[] = [];
        constructor(readonly url: string) {
            Fake.made.push(this);
        }
        send(text: string): void {
            this.did.push(text);
        }
        close(code?: number): void {
            this.did.push(code);
        }
    }
    const { transport, heard } = listen(webSocket(Fake));
    const socket = Fake.made[0]!;
    assert.equal(socket.url, "wss://onegrid.test/v1/socket");
    socket.onopen?.({});
    socket.onmessage?.({ data: "a" });
    socket.onmessage?.({ data: new ArrayBuffer(1) });
    transport.send("b");
    transport.close();
    socket.onclose?.({ code: 4000, reason: "{}" });
    assert.deepEqual(heard, ["open", "a", "closed 4000 {}"]);
    assert.deepEqual(socket.did, ["b", 1000]);
});

/** A mini program's socket. */
class FakeTask {
    open = (): void => {};
    message = (_: { data: string | ArrayBuffer }): void => {};
    closed = (_: { code: number; reason: string }): void => {};
    error = (_: { errMsg: string }): void => {};
    did: unknown[] = [];
    onOpen(listener: () => void): void {
        this.open = listener;
    }
    onMessage(listener: (event: { data: string | ArrayBuffer }) => void): void {
        this.message = listener;
    }
    onClose(listener: (event: { code: number; reason: string }) => void): void {
        this.closed = listener;
    }
    onError(listener: (event: { errMsg: string }) => void): void {
        this.error = listener;
    }
    send(options: { data: string; fail?: () => void }): void {
        this.did.push(options.data);
        if (options.data === "too late") options.fail?.();
    }
    close(options: { code?: number }): void {
        this.did.push(options.code);
    }
}

test("a WeChat mini program's socket", () => {
    const task = new FakeTask();
    const { transport, heard } = listen(wxSocket({ connectSocket: () => task }));
    task.open();
    task.message({ data: "a" });
    task.message({ data: new ArrayBuffer(1) });
    transport.send("b");
    transport.close();
    task.closed({ code: 4003, reason: "{}" });
    assert.deepEqual(heard, ["open", "a", "closed 4003 {}"]);
    assert.deepEqual(task.did, ["b", 1000]);
});

test("a mini program's socket that fails says so once, however often WeChat does, and never too early", async () => {
    const task = new FakeTask();
    const connect = wxSocket({
        connectSocket: ({ fail }) => {
            fail?.();
            return task;
        },
    });
    const { transport, heard } = listen(connect);
    assert.deepEqual(heard, []);
    task.error({ errMsg: "fail" });
    transport.send("too late");
    await settled();
    task.closed({ code: 1006, reason: "abnormal" });
    assert.deepEqual(heard, ["closed 1006 "]);
});

test("the clock of the device", async () => {
    assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
    const fired: string[] = [];
    const stop = systemClock.after(1, () => void fired.push("stopped"));
    stop();
    await new Promise<void>((resolve) => void systemClock.after(5, resolve));
    assert.deepEqual(fired, []);
});

test("ids are names that the server takes, and none comes twice, with crypto and without", () => {
    const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
    assert.ok(own);
    try {
        for (const crypto of [globalThis.crypto, undefined, {}]) {
            Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
            const ids = Array.from({ length: 10_000 }, randomId);
            assert.equal(new Set(ids).size, ids.length);
            for (const id of ids) assert.match(id, /^[!-~]{20,64}$/);
        }
    } finally {
        Object.defineProperty(globalThis, "crypto", own);
    }
});
