import assert from "node:assert/strict";
import { test } from "node:test";

import { World, settled, welcome } from "./harness.js";

/** How long the client waits until it connects again, to a tenth of a second; none where it does not. */
async function waits(world: World, most_ms = 7_200_000): Promise<number | undefined> {
    const [before, many] = [world.clock.time, world.sockets.length];
    while (world.sockets.length === many && world.clock.time - before < most_ms) await world.clock.advance(100);
    return world.sockets.length > many ? world.clock.time - before : undefined;
}

test("a client that is told to reconnect does so after the time that it is told, with the token that it has", async () => {
    const world = new World();
    await world.following(0);
    await world.socket.hangUp(4000, { action: "reconnect", retry_after_ms: 3_400 });
    assert.equal(await waits(world), 3_400);
    await settled();
    assert.deepEqual(world.news(), ["is waiting", "is connecting", "asked for a token"]);
    await world.letIn();
    assert.equal(world.socket.count("hello"), 1);
    assert.equal(world.socket.count("subscribe"), 1);
});

test("a client that is told to refresh asks for a fresh token until it is let in", async () => {
    const world = new World();
    await world.following(0);
    world.tokens = ["good"];
    await world.socket.hangUp(4002, { action: "refresh", retry_after_ms: 200 });
    assert.equal(await waits(world), 200);
    assert.deepEqual(world.news(), ["is waiting", "is connecting", "asked for a fresh token"]);
    world.socket.onopen();
    assert.equal(world.socket.last("hello").token, "good");
    await world.socket.hangUp(1006, "");
    await waits(world);
    assert.ok(world.news().includes("asked for a fresh token"), "it is not known yet whether it was good");
    await world.letIn();
    await world.socket.hangUp(1006, "");
    await waits(world);
    assert.ok(world.news().includes("asked for a token"));
});

test("why somebody is not let in is told", async () => {
    const world = new World();
    world.client.start();
    await settled();
    world.socket.onopen();
    await world.socket.say({ type: "error", of: "hello", problem: { type: "t", title: "t", status: 401, detail: "d" } });
    assert.equal(world.news().pop(), "error hello 401");
});

test("a token that is never good does not make it hammer", async () => {
    const world = new World();
    world.client.start();
    const all: number[] = [];
    for (let many = 0; many < 8; many++) {
        await settled();
        world.socket.onopen();
        await world.socket.hangUp(4001, { action: "refresh", retry_after_ms: 0 });
        all.push((await waits(world)) ?? Number.NaN);
    }
    assert.deepEqual(all, [100, 1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500]);
});

for (const [code, action] of [[4003, "sign_in"], [4007, "stop"], [1009, "stop"]] as const) {
    test(`after ${code} with ${action} it does not connect again, and tells the application`, async () => {
        const world = new World();
        await world.following(0);
        await world.socket.hangUp(code, { action });
        assert.deepEqual(world.news(), ["is stopped", `ended ${action} ${code}`]);
        assert.equal(world.clock.running, 0);
        assert.equal(await waits(world), undefined);
        world.client.start();
        await world.letIn();
        assert.equal(world.socket.count("subscribe"), 1);
    });
}

test("where the reason is lost the code still says what concerns the person", async () => {
    for (const [code, told] of [[4001, "asked for a fresh token"], [4003, "ended sign_in 4003"], [4007, "ended stop 4007"]] as const) {
        const world = new World();
        await world.following(0);
        await world.socket.hangUp(code, "");
        await world.clock.advance(1_000);
        assert.ok(world.news().includes(told), told);
    }
});

test("unknown codes, reasons and actions make it come again, each time later, with jitter, a minute at the most", async () => {
    const reasons = [{ retry_after_ms: -1 }, "", "gone away", "null", "[]", { action: "dance" }, { retry_after_ms: "soon" }];
    const all: Record<string, number[]> = {};
    for (const dice of [0, 0.5, 0.999]) {
        const world = new World();
        world.dice = dice;
        await world.following(0);
        const long: number[] = [];
        for (const reason of [...reasons, "", ""]) {
            await world.socket.hangUp(4999, reason);
            long.push((await waits(world)) ?? Number.NaN);
            await world.letIn();
        }
        all[dice] = long;
    }
    // To a tenth of a second, upwards.
    assert.deepEqual(all, {
        0: [100, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000],
        0.5: [500, 1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500, 30_500],
        0.999: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    });
});

test("what is told counts where it is longer than what has grown", async () => {
    const world = new World();
    await world.following(0);
    for (const [told, waited] of [[100, 100], [9_000, 9_000], [100, 2_500], [90_000, 90_000], [1e300, 3_600_000]] as const) {
        await world.socket.hangUp(4005, { action: "reconnect", retry_after_ms: told });
        assert.equal(await waits(world), waited);
        await world.letIn();
    }
});

test("the wait is reset only after a connection has stayed up", async () => {
    const world = new World();
    await world.following(0);
    await world.socket.hangUp(1006, "");
    assert.equal(await waits(world), 500);
    await world.letIn();
    await world.clock.advance(29_000);
    await world.socket.hangUp(1006, "");
    assert.equal(await waits(world), 1_500, "it was too short");
    await world.letIn();
    await world.clock.advance(30_000);
    await world.socket.hangUp(1006, "");
    assert.equal(await waits(world), 500);
});

test("whoever starts anew begins with short waits", async () => {
    const world = new World();
    await world.following(0);
    await world.socket.hangUp(1006, "");
    await waits(world);
    await world.socket.hangUp(1006, "");
    world.client.stop();
    world.client.start();
    await settled();
    await world.socket.hangUp(1006, "");
    assert.equal(await waits(world), 500);
});

test("a connection that does not come about, or brings no welcome, is tried again", async () => {
    const world = new World();
    world.client.start();
    await settled();
    await world.socket.hangUp(1006, "");
    assert.equal(await waits(world), 500);
    world.socket.onopen();
    const silent = world.socket;
    assert.equal(await waits(world), 15_000 + 1_500);
    assert.ok(silent.isHungUp);
});

test("a connection that was given up says and does nothing any more", async () => {
    const world = new World();
    await world.following(0);
    const old = world.socket;
    await world.clock.advance(75_000);
    assert.ok(old.isHungUp);
    const said = old.said.length;
    world.news();
    old.onopen();
    await old.say({ type: "ping" }, welcome());
    await old.hangUp(4003, { action: "sign_in" });
    assert.equal(old.said.length, said);
    assert.deepEqual(world.news(), []);
    assert.equal(world.clock.running, 1);
});

test("where no token can be had it is tried again, and without one the person has to sign in", async () => {
    const world = new World({ token: () => (tokens.shift() ?? (() => null))() });
    const tokens = [
        (): string => {
            throw new Error("no network");
        },
        (): Promise<string> => Promise.reject(new Error("still none")),
    ];
    world.client.start();
    await world.clock.advance(10_000);
    assert.deepEqual(world.news(), [
        "is connecting",
        "failed no network",
        "is waiting",
        "is connecting",
        "failed still none",
        "is waiting",
        "is connecting",
        "is stopped",
        "ended sign_in 0",
    ]);
    assert.equal(world.sockets.length, 0);
    assert.equal(world.clock.running, 0);
});

test("a connect that throws is tried again", async () => {
    const world = new World({
        connect: () => {
            throw new Error("not a WebSocket");
        },
    });
    world.client.start();
    await world.clock.advance(500);
    assert.deepEqual(world.news().filter((note) => note.startsWith("failed")).length, 2);
});

test("a client that is stopped while it waits, connects or asks for its token stays stopped", async () => {
    const world = new World();
    world.tokens = ["token", new Error("no network")];
    for (const _ of world.tokens.slice()) {
        world.client.start();
        world.client.stop();
        await settled();
        assert.deepEqual([world.sockets.length, world.clock.running], [0, 0], "while it asked");
    }
    world.client.start();
    await settled();
    world.client.stop();
    world.socket.onopen();
    assert.deepEqual(world.socket.said, []);
    assert.ok(world.socket.isHungUp, "while it connected");
    world.client.start();
    await settled();
    await world.socket.hangUp(1006, "");
    world.client.stop();
    assert.equal(await waits(world), undefined, "while it waited");
    assert.equal(world.clock.running, 0);
});

test("a ping is answered, also while entries are being kept", async () => {
    const world = new World();
    await world.following(0);
    world.socket.onmessage(JSON.stringify({ type: "ping" }));
    assert.deepEqual(world.socket.said.pop(), { type: "pong" });
});

test("it says ping when it heard nothing for a heartbeat, and hangs up after three", async () => {
    const world = new World();
    await world.following(0);
    await world.clock.advance(24_999);
    assert.equal(world.socket.count("ping"), 0);
    await world.clock.advance(1);
    assert.equal(world.socket.count("ping"), 1);
    await world.socket.say({ type: "pong", id: null });
    await world.clock.advance(24_999);
    assert.equal(world.socket.count("ping"), 1);
    await world.clock.advance(25_001);
    assert.equal(world.socket.count("ping"), 3);
    const silent = world.socket;
    await world.clock.advance(24_999);
    assert.ok(!silent.isHungUp);
    await world.clock.advance(1);
    assert.ok(silent.isHungUp);
    assert.equal(silent.count("ping"), 3);
    assert.equal(world.news().pop(), "is waiting");
});

test("it says ping when it said nothing for a heartbeat, however much it hears", async () => {
    const world = new World();
    await world.following(0);
    for (let second = 0; second < 100; second++) {
        await world.clock.advance(1_000);
        await world.socket.say({ type: "read", stream: "inbox", read_to: 1, unread: 0 });
    }
    assert.equal(world.socket.count("ping"), 4);
});

test("a device that slept finds out at once that its connection is old", async () => {
    const world = new World();
    await world.following(0);
    world.clock.time += 3_600_000;
    await world.clock.advance(0);
    assert.ok(world.socket.isHungUp);
});

test("a clock that is set back does not stop the heartbeat", async () => {
    const world = new World();
    await world.following(0);
    await world.clock.advance(10_000);
    world.clock.set(-3_600_000);
    await world.clock.advance(15_000 + 25_000);
    assert.equal(world.socket.count("ping"), 1);
    await world.clock.advance(50_000);
    assert.ok(world.sockets[0]?.isHungUp);
});
