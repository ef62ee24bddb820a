import assert from "node:assert/strict";
import { test } from "node:test";

import { EPOCH, World, settled, welcome } from "./harness.js";

test("the token is refreshed on the open connection before it runs out, again and again", async () => {
    const world = new World();
    await world.following(0);
    for (const minutes of [25, 35, 45]) {
        await world.quietly(10 * 60_000 - 1);
        assert.deepEqual(world.news(), []);
        world.tokens = [`for ${minutes}`];
        await world.quietly(1);
        assert.deepEqual(world.socket.last("refresh"), { type: "refresh", token: `for ${minutes}` });
        await world.socket.say({ type: "refreshed", expires_at: new Date(EPOCH + minutes * 60_000).toISOString() });
        assert.deepEqual(world.news(), ["asked for a fresh token"]);
    }
    assert.equal(world.sockets.length, 1);
});

test("a refresh that fails, or is refused, is tried again; where it takes too long the server says so", async () => {
    const world = new World();
    await world.following(0);
    world.tokens = [new Error("no network"), "bad", "good"];
    await world.quietly(600_000);
    assert.ok(world.news().includes("failed no network"));
    await world.quietly(60_000);
    assert.equal(world.socket.last("refresh").token, "bad");
    await world.socket.say({ type: "error", of: "refresh", problem: { type: "t", title: "t", status: 401, detail: "d" } });
    assert.ok(world.news().includes("error refresh 401"));
    await world.quietly(60_000);
    assert.equal(world.socket.last("refresh").token, "good");
    assert.equal(world.sockets.length, 1);
});

test("a clock that is far ahead, or a time that is none, does not make it ask all the time", async () => {
    const world = new World();
    await world.following(0);
    await world.socket.say({ type: "refreshed", expires_at: "2020-01-01T00:00:00Z" });
    await world.quietly(59_000);
    assert.equal(world.socket.count("refresh"), 0);
    await world.quietly(1_000);
    assert.equal(world.socket.count("refresh"), 1);
    await world.socket.say({ type: "refreshed", expires_at: "9999-12-31T23:59:59Z" });
    await world.quietly(3_600_000);
    assert.equal(world.socket.count("refresh"), 1);
});

test("whoever has no token any more at a refresh has to sign in", async () => {
    const asked: boolean[] = [];
    const world = new World({ token: (isFresh) => (asked.push(isFresh), isFresh ? null : "token") });
    await world.following(0);
    await world.quietly(600_000);
    assert.deepEqual(asked, [false, true]);
    assert.ok(world.news().includes("ended sign_in 0"));
    assert.ok(world.socket.isHungUp);
});

for (const hours of [-5, 5]) {
    test(`a clock that is wrong by ${hours} h does not matter where the server tells its time`, async () => {
        const world = new World();
        world.clock.time += hours * 3_600_000;
        world.client.follow(["inbox"]);
        world.client.start();
        await settled();
        world.socket.onopen();
        await world.socket.say({ ...welcome(), now: new Date(EPOCH).toISOString().replace("Z", "123456Z") });
        for (const minutes of [25, 35]) {
            await world.quietly(10 * 60_000 - 1_000);
            world.news();
            await world.quietly(1_000);
            assert.deepEqual(world.news(), ["asked for a fresh token"]);
            await world.socket.say({ type: "refreshed", expires_at: new Date(EPOCH + minutes * 60_000).toISOString() });
        }
        assert.equal(world.sockets.length, 1);
    });
}

test("where the server's time is none the clock of the device counts", async () => {
    const world = new World();
    world.client.start();
    await settled();
    world.socket.onopen();
    await world.socket.say({ ...welcome(), now: "soon" });
    await world.quietly(10 * 60_000 - 1);
    assert.equal(world.socket.count("refresh"), 0);
    await world.quietly(1);
    assert.equal(world.socket.count("refresh"), 1);
});
