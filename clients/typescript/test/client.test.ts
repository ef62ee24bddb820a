import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStore } from "../src/index.js";
import { World, cursor, entries, item, settled } from "./harness.js";

test("the token comes first and never in the address, then one subscribe has all streams with their cursors", async () => {
    const world = new World({ language: "en" });
    world.cursors.set("inbox", cursor(7));
    world.client.follow(["inbox", "other"]);
    world.client.follow(["newest"], null);
    world.client.start();
    await settled();
    assert.deepEqual(world.socket.said, []);
    await world.letIn();
    assert.deepEqual(world.socket.said, [
        { type: "hello", token: "token0", language: "en" },
        { type: "subscribe", id: "1", streams: { inbox: cursor(7), other: "0", newest: null } },
    ]);
});

test("streams that are followed later come in a subscribe of their own, and none twice", async () => {
    const world = new World();
    world.client.start();
    await world.letIn();
    assert.equal(world.socket.count("subscribe"), 0);
    world.client.follow(["inbox", "other"]);
    world.client.follow(["inbox"]);
    await settled();
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: "0", other: "0" });
    assert.equal(world.socket.count("subscribe"), 1);
    world.client.unfollow(["other", "nothing"]);
    assert.deepEqual(world.socket.last("unsubscribe").streams, ["other"]);
    await world.confirm();
    await world.socket.say(entries([1], false, "other"));
    assert.ok(!world.news().includes("other 1"), "what was on its way is left out");
});

test("a stream that is followed anew takes nothing that came for the old one", async () => {
    const world = new World();
    await world.following(3);
    world.socket.onmessage(JSON.stringify(entries([4])));
    world.client.unfollow(["inbox"]);
    world.client.follow(["inbox"]);
    await settled();
    assert.deepEqual(world.news(), []);
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: cursor(3) });
});

test("a client that was stopped hands out nothing but what is being kept", async () => {
    const world = new World();
    await world.following(0);
    world.socket.onmessage(JSON.stringify(entries([1])));
    world.socket.onmessage(JSON.stringify(entries([2])));
    await Promise.resolve();
    world.client.stop();
    await settled();
    assert.deepEqual(world.news(), ["is stopped", "kept inbox 1", "inbox 1"]);
});

test("a stream that is followed while the others are loaded is asked for once", async () => {
    const world = new World();
    world.client.follow(["inbox"]);
    world.client.start();
    await settled();
    world.socket.onopen();
    world.socket.onmessage(JSON.stringify({ type: "welcome", expires_at: "2027-01-01T00:00:00Z", heartbeat_s: 25 }));
    world.client.follow(["other"]);
    await settled();
    const asked = world.socket.said.filter(({ type }) => type === "subscribe").flatMap(({ streams }) => Object.keys(streams));
    assert.deepEqual(asked, ["inbox", "other"]);
});

test("entries come once: what is at or below the cursor is ignored", async () => {
    const world = new World();
    await world.following(3);
    await world.socket.say(entries([2, 3, 4, 5]), entries([4, 5]), entries([1]), entries([5, 6, 6, 7]));
    assert.deepEqual(world.news(), ["kept inbox 5", "inbox 4,5", "kept inbox 7", "inbox 6,7"]);
    assert.equal(world.cursors.get("inbox"), cursor(7));
});

test("the cursor is kept before the handler is called", async () => {
    const world = new World();
    await world.following(0);
    world.socket.onmessage(JSON.stringify(entries([1, 2])));
    assert.deepEqual(world.news(), []);
    await settled();
    assert.deepEqual(world.news(), ["kept inbox 2", "inbox 1,2"]);
});

test("a handler that throws changes nothing: the cursor is moved, and the next entries come", async () => {
    const world = new World();
    await world.following(0);
    world.throws = new Error("the handler is broken");
    await world.socket.say(entries([1]), entries([2]));
    await settled();
    assert.deepEqual(world.news(), [
        "kept inbox 1",
        "inbox 1",
        "failed the handler is broken",
        "kept inbox 2",
        "inbox 2",
        "failed the handler is broken",
    ]);
    assert.ok(!world.socket.isHungUp);
});

test("a cursor that cannot be kept hands nothing out, and the entries come again", async () => {
    const world = new World();
    await world.following(0);
    world.storeFails = new Error("the disk is full");
    await world.socket.say(entries([1]), entries([2]));
    assert.deepEqual(world.news(), ["failed the disk is full", "is waiting"]);
    assert.ok(world.socket.isHungUp);
    world.storeFails = undefined;
    await world.clock.advance(1_000);
    await world.letIn();
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: "0" });
    await world.confirm();
    world.news();
    await world.socket.say(entries([1, 2]));
    assert.deepEqual(world.news(), ["kept inbox 2", "inbox 1,2"]);
});

test("entries whose cursor is being kept are handed out even if the connection ends meanwhile", async () => {
    const world = new World();
    await world.following(0);
    world.socket.onmessage(JSON.stringify(entries([1])));
    await Promise.resolve();
    world.socket.onclose(1006, "");
    await settled();
    assert.deepEqual(world.news().filter((note) => !note.startsWith("is ")), ["kept inbox 1", "inbox 1"]);
    await world.clock.advance(1_000);
    await world.letIn();
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: cursor(1) });
});

for (const [where, numbers] of [["before", [5, 6]], ["within", [4, 6]]] as const) {
    test(`a hole ${where} a frame: unsubscribes, subscribes with the cursor, and drops what is on its way`, async () => {
        const world = new World();
        await world.following(3);
        await world.socket.say(entries([...numbers]), entries([7]), { type: "gap", stream: "inbox", floor: 9 });
        const said = world.socket.said.slice(-2);
        assert.deepEqual(said[0], { type: "unsubscribe", streams: ["inbox"] });
        assert.deepEqual(said[1]?.streams, { inbox: cursor(3) });
        assert.equal(world.socket.count("subscribe"), 2);
        assert.deepEqual(world.news(), []);
        await world.confirm();
        await world.socket.say(entries([4, 5, 6, 7]));
        assert.deepEqual(world.news(), ["kept inbox 7", "inbox 4,5,6,7"]);
    });
}

test("a cursor that jumps without entries is a hole", async () => {
    const world = new World();
    await world.following(3);
    await world.socket.say({ ...entries([]), cursor: cursor(5) });
    assert.equal(world.socket.count("unsubscribe"), 1);
    assert.equal(world.cursors.get("inbox"), cursor(3));
});

test("where the same entry is missing again the connection is given up: it does not ask without an end", async () => {
    const world = new World();
    await world.following(3);
    let connections = 0;
    const waits: number[] = [];
    for (let tries = 0; tries < 4; tries++) {
        await world.socket.say(entries([5]));
        if (!world.socket.isHungUp) {
            await world.confirm();
            continue;
        }
        connections += 1;
        const before = world.clock.time;
        const many = world.sockets.length;
        while (world.sockets.length === many) await world.clock.advance(100);
        waits.push(world.clock.time - before);
        await world.letIn();
        await world.confirm();
    }
    assert.equal(connections, 3);
    assert.ok(waits[2]! > waits[1]! && waits[1]! > waits[0]!, `${waits}`);
    assert.ok(world.news().includes(`failed inbox lacks an entry behind ${cursor(3)}`));
});

test("after a gap the application is told, and what follows may begin anywhere, once", async () => {
    const world = new World();
    await world.following(3);
    await world.socket.say({ type: "gap", stream: "inbox", floor: 9 }, entries([10, 11]), entries([12]));
    await settled();
    assert.deepEqual(world.news(), ["gap inbox 9", "kept inbox 11", "inbox 10,11", "kept inbox 12", "inbox 12"]);
    assert.equal(world.socket.count("unsubscribe"), 0);
    await world.socket.say(entries([14]));
    assert.equal(world.socket.count("unsubscribe"), 1);
    // A gap that was told before the answer is told again behind it.
    await world.socket.say({ type: "gap", stream: "inbox", floor: 20 });
    await world.confirm();
    assert.deepEqual(world.news(), []);
});

test("after a gap behind which nothing is kept the cursor may come alone", async () => {
    const world = new World();
    await world.following(3);
    await world.socket.say({ type: "gap", stream: "inbox", floor: 9 }, { ...entries([]), cursor: cursor(9) }, entries([10]));
    await settled();
    assert.deepEqual(world.news(), ["gap inbox 9", "kept inbox 9", "kept inbox 10", "inbox 10"]);
});

test("after a reset the stream is forgotten, the application told, and all comes from the beginning", async () => {
    const world = new World();
    await world.following(30);
    await world.socket.say({ type: "reset", stream: "inbox", number: 4, floor: 0 }, entries([31]));
    await settled();
    assert.deepEqual(world.news(), ["kept inbox 0", "reset inbox"]);
    assert.equal(world.socket.count("unsubscribe"), 0);
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: "0" });
    await world.confirm();
    await world.socket.say(entries([1, 2]));
    assert.deepEqual(world.news(), ["kept inbox 2", "inbox 1,2"]);
});

test("whoever comes without a cursor is told one, which is kept", async () => {
    const world = new World();
    world.client.follow(["inbox"], null);
    world.client.start();
    await world.letIn();
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: null });
    await world.confirm();
    world.news();
    await world.socket.say({ ...entries([]), cursor: cursor(41) }, entries([42]));
    await settled();
    assert.deepEqual(world.news(), ["kept inbox 41", "kept inbox 42", "inbox 42"]);
    await world.socket.say(entries([44]));
    assert.deepEqual(world.socket.last("subscribe").streams, { inbox: cursor(42) });
});

test("a stream that is refused is told, and the others go on", async () => {
    const world = new World();
    world.client.follow(["inbox", "nothing"]);
    world.client.start();
    await world.letIn();
    await world.confirm({ nothing: { type: "t", title: "t", status: 404, detail: "d" } });
    await world.socket.say(entries([1]));
    assert.deepEqual(world.news().slice(-3), ["refused nothing 404", "kept inbox 1", "inbox 1"]);
});

test("frames and members that are not known are ignored, and what is no frame too", async () => {
    const world = new World();
    await world.following(0);
    await world.socket.say("no JSON", "[]", "null", "7", {}, { type: 7 }, { type: "news", stream: "inbox", items: [item(9)] });
    await world.socket.say({ ...entries([1]), colour: "red" }, entries([1], false, "unasked"), { type: "pong", id: null });
    assert.deepEqual(world.news(), ["kept inbox 1", "inbox 1"]);
    assert.ok(!world.socket.isHungUp);
});

test("what was read is said, and told", async () => {
    const world = new World();
    assert.equal(world.client.read("inbox", 1), false);
    await world.following(0);
    assert.equal(world.client.read("inbox", 5), true);
    assert.deepEqual(world.socket.last("read"), { type: "read", stream: "inbox", number: 5 });
    const problem = { type: "t", title: "t", status: 404, detail: "d" };
    await world.socket.say({ type: "read", stream: "inbox", read_to: 5, unread: 2 }, { type: "error", of: "read", problem });
    assert.deepEqual(world.news(), ["read inbox 5 2", "error read 404"]);
});

test("a program that begins anew goes on behind what its store has", async () => {
    const store = memoryStore();
    const first = new World({ store });
    await first.following(0);
    await first.socket.say(entries([1, 2, 3]));
    first.client.stop();
    const second = new World({ store });
    second.client.follow(["inbox"]);
    second.client.start();
    await second.letIn();
    assert.deepEqual(second.socket.last("subscribe").streams, { inbox: cursor(3) });
});
