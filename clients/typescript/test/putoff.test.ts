import assert from "node:assert/strict";
import { test } from "node:test";

import { World, message, chat, sent, settled, unsent } from "./harness.js";

/** After how many milliseconds the client says something again, to a tenth of a second. */
async function waits(world: World): Promise<number> {
    const [before, many] = [world.clock.time, world.words.length];
    while (world.words.length === many) {
        assert.ok(world.clock.time - before < 7_200_000, "it is said again");
        await world.clock.advance(100);
        await world.socket.say({ type: "pong" });
    }
    return world.clock.time - before;
}

test("what is put off is said again after the time that was told, with the same name", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 429, 3_000));
    assert.equal(await waits(world), 3_000);
    const [first, second] = world.socket.said.filter(({ type }) => type === "send");
    assert.deepEqual(first, second);
    await world.socket.say(sent(1, "m1"));
    assert.deepEqual(world.news(), ["hello is 1"]);
});

test("who is put off again and again waits longer; without a time only where the server cannot now", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    const all: number[] = [];
    for (const told of [undefined, undefined, undefined, 0, 60_000, 1e300]) {
        await world.socket.say(unsent("m1", 503, told));
        all.push(await waits(world));
    }
    assert.deepEqual(all, [500, 1_500, 2_500, 4_500, 60_000, 3_600_000]);
    await world.socket.say(unsent("m1", 500));
    assert.deepEqual(world.news().pop(), "hello is refused: 500");
});

test("what was put off is said before what was given later in its stream, and holds up no other", async () => {
    const world = new World();
    await world.chatting();
    world.send("one");
    world.send("two");
    await world.socket.say(unsent("m1", 503, 5_000), unsent("m2", 503, 1_000));
    world.send("three");
    world.send("elsewhere", "other");
    assert.deepEqual(world.words, ["one", "two", "elsewhere"]);
    await world.clock.advance(4_900);
    assert.equal(world.socket.count("send"), 3);
    await world.clock.advance(100);
    assert.deepEqual(world.words.slice(3), ["one", "two", "three"]);
});

test("the time counts over another connection as well, and where the client was stopped", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 503, 10_000));
    await world.again();
    assert.deepEqual(world.words, []);
    await world.clock.advance(2_000);
    world.client.stop();
    assert.equal(world.clock.running, 0);
    await world.clock.advance(1_000);
    world.client.start();
    await world.letIn();
    assert.deepEqual(world.words, []);
    await world.clock.advance(10_000 - 3_500 - 100);
    assert.deepEqual(world.words, []);
    await world.clock.advance(100);
    assert.deepEqual(world.words, ["hello"]);
});

test("what was put off is said at once where its time is over when the client is let in", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 503, 2_000));
    world.client.stop();
    await world.clock.advance(60_000);
    world.client.start();
    await world.letIn();
    await world.clock.advance(0);
    assert.deepEqual(world.words, ["hello"]);
});

test("a clock that is set back does not make it wait for longer than it was told", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 503, 5_000));
    world.clock.set(-3_600_000);
    await world.again();
    assert.ok((await waits(world)) <= 5_000);
});

test("what was put off and is there after all is settled by its entry", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 503, 5_000), chat(message(1, "m1")));
    assert.deepEqual(world.news(), ["hello is 1", "kept chat 1", "chat 1"]);
    await world.clock.advance(6_000);
    assert.equal(world.socket.count("send"), 1);
});

test("a stream that was left waits for nothing", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(unsent("m1", 503, 5_000), { type: "left", stream: "chat" });
    assert.deepEqual(world.news().sort(), ["hello is refused: left", "left chat"]);
    world.send("again");
    await settled();
    assert.deepEqual(world.words, ["hello", "again"]);
});
