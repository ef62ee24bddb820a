import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused } from "../src/index.js";
import { World, chat, entries, message, sent, settled, unsent } from "./harness.js";

test("a message is said with a name of its own, and resolves with what the server made of it", async () => {
    const world = new World();
    await world.chatting();
    const done = world.client.send("chat", { text: "hello", reply_to: 3 });
    assert.deepEqual(world.socket.said.pop(), {
        type: "send",
        stream: "chat",
        message: { text: "hello", reply_to: 3, client_id: "m1" },
    });
    await world.socket.say(sent(4, "m1"));
    assert.deepEqual(await done, { number: 4, id: "ent_4", at: "2026-12-01T08:00:01Z" });
});

test("the application may give the name, not twice at once", async () => {
    const world = new World();
    await world.chatting();
    const done = world.client.send("chat", { client_id: "mine", text: "hello" });
    await assert.rejects(world.client.send("other", { client_id: "mine", text: "hello" }), /mine waits/);
    assert.equal(world.socket.last("send").message.client_id, "mine");
    assert.equal(world.socket.count("send"), 1);
    await world.socket.say(sent(4, "mine"));
    assert.equal((await done).number, 4);
});

test("an answer and then the entry: settled by the answer, and the entry is handed out once", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    await world.socket.say(sent(1, "m1"));
    assert.deepEqual(world.news(), ["hello is 1"]);
    await world.socket.say(chat(message(1, "m1")), chat(message(1, "m1")));
    assert.deepEqual(world.news(), ["kept chat 1", "chat 1"]);
});

test("the entry and then an answer: settled by the entry, whatever the store does, and handed out once", async () => {
    const world = new World();
    await world.chatting();
    const done = world.client.send("chat", { text: "hello" });
    world.storeFails = new Error("the disk is full");
    await world.socket.say(chat(message(1, "m1")), sent(1, "m1"));
    assert.deepEqual(await done, { number: 1, id: "ent_1", at: "2026-12-01T08:00:01Z" });
    world.storeFails = undefined;
    await world.clock.advance(1_000);
    await world.letIn();
    await world.confirm();
    world.news();
    await world.socket.say(sent(1, "m1"), unsent("m1", 404), chat(message(1, "m1")));
    assert.deepEqual(world.news(), ["kept chat 1", "chat 1"]);
    assert.equal(world.socket.count("send"), 0);
});

test("what is of somebody else, of another stream, or no message at all settles nothing", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    const none = [{ message: null }, { message: "m1" }, { message: { client_id: "m1" } }].map((more, at) => ({ number: at + 2, ...more }));
    await world.socket.say(chat(message(1, "m1", "per_2"), ...none), { ...chat(message(5, "m1")), stream: "other" });
    await world.socket.say(sent(5, "m1", "other"), sent(5, "m2"), unsent("m3", 404));
    assert.deepEqual(world.news(), ["kept chat 4", "chat 1,2,3,4"]);
    await world.socket.say(sent(5, "m1"));
    assert.deepEqual(world.news(), ["hello is 5"]);
});

test("whoever is not connected says it later, in order, behind the subscribe", async () => {
    const world = new World();
    world.send("one");
    world.client.start();
    world.send("two");
    world.client.follow(["chat"], null);
    await world.letIn();
    assert.deepEqual(world.socket.said.map(({ type }) => type), ["hello", "subscribe", "send", "send"]);
    assert.deepEqual(world.words, ["one", "two"]);
    world.client.follow(["other"], null);
    world.send("three", "other");
    world.send("four");
    await settled();
    assert.deepEqual(world.socket.said.slice(-3).map(({ type, message }) => message?.text ?? type), ["four", "subscribe", "three"]);
});

test("what is said as soon as it is live comes behind what is pending", async () => {
    const world: World = new World({
        handlers: {
            entries: () => {},
            gap: () => {},
            reset: () => {},
            ended: () => {},
            failed: (error) => assert.fail(String(error)),
            state: (state) => state === "live" && world.send("late"),
        },
    });
    world.send("early");
    world.client.follow(["inbox"]);
    world.client.start();
    await world.letIn();
    assert.deepEqual(world.words, ["early", "late"]);
    await world.again();
    assert.deepEqual(world.words, ["early", "late", "late"]);
    assert.deepEqual(world.socket.said.map(({ type }) => type), ["hello", "subscribe", "send", "send", "send"]);
});

test("after a lost answer all that is pending is said again, with the same names and words, in order", async () => {
    const world = new World();
    await world.chatting();
    const input = { text: "one" };
    const one = world.client.send("chat", input);
    input.text = "changed";
    ["two", "three", "four"].forEach((text) => world.send(text));
    await world.socket.say(sent(2, "m2"));
    const before = world.socket.said.filter(({ type }) => type === "send");
    await world.again();
    world.send("five");
    const after = world.socket.said.filter(({ type }) => type === "send");
    assert.deepEqual(world.words, ["one", "three", "four", "five"]);
    assert.deepEqual(after.slice(0, 3), [before[0], before[2], before[3]]);
    await world.socket.say(sent(1, "m1"), chat(message(1, "m1"), message(2, "m2"), message(3, "m3")), sent(3, "m3"));
    assert.equal((await one).number, 1);
    await settled();
    assert.deepEqual(world.news(), ["three is 3", "kept chat 3", "chat 1,2,3"]);
    await world.again();
    assert.deepEqual(world.words, ["four", "five"]);
});

test("a refusal settles it: it rejects with the problem, is not said again, and the others go on", async () => {
    const world = new World();
    await world.chatting();
    const done = world.client.send("chat", { text: "" }).catch((why: unknown) => why);
    world.send("two");
    const errors = [{ pointer: "/message/text", code: "min_length", detail: "Say something." }];
    const problem = { type: "https://onegrid.test/invalid", title: "Invalid", status: 422, detail: "Look at the fields.", errors };
    await world.socket.say({ type: "error", of: "send", client_id: "m1", problem }, sent(1, "m2"));
    const why = await done;
    assert.ok(why instanceof Refused);
    assert.equal(why.message, problem.detail);
    assert.deepEqual({ ...why, name: undefined }, { ...problem, name: undefined });
    assert.deepEqual(world.news(), ["two is 1"], "nobody else is told");
    await world.again();
    assert.deepEqual(world.words, []);
});

test("an error of which it is not known what it answers is told", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    const problem = { type: "t", title: "t", status: 422, detail: "d" };
    await world.socket.say({ type: "error", of: "send", problem });
    assert.deepEqual(world.news(), ["error send 422"]);
});

test("a client that is stopped keeps what is pending until it is started", async () => {
    const world = new World();
    await world.chatting();
    world.send("one");
    world.client.stop();
    world.send("two");
    await world.clock.advance(3_600_000);
    assert.deepEqual(world.news(), ["is stopped"]);
    assert.equal(world.clock.running, 0);
    world.client.start();
    await world.letIn();
    assert.deepEqual(world.words, ["one", "two"]);
});

test("a stream that was left is followed no more, what is pending there is refused, and its cursor stays", async () => {
    const world = new World();
    world.client.follow(["inbox", "chat"]);
    world.client.start();
    await world.letIn();
    await world.confirm();
    await world.socket.say(chat(message(1, "theirs", "per_2")));
    world.send("one");
    world.send("two", "inbox");
    world.news();
    await world.socket.say({ type: "left", stream: "chat" }, chat(message(2, "theirs", "per_2")), { type: "left", stream: "nothing" });
    assert.deepEqual(world.news().sort(), ["left chat", "one is refused: left"]);
    await world.again();
    assert.deepEqual(Object.keys(world.socket.last("subscribe").streams), ["inbox"]);
    assert.deepEqual(world.words, ["two"]);
    world.client.follow(["chat"]);
    await settled();
    assert.match(world.socket.last("subscribe").streams.chat, /^1\./, "who is back goes on where they were");
});

test("a stream that was left before the answer to the last subscribe is that of an older one", async () => {
    const world = new World();
    await world.chatting();
    await world.socket.say(chat(message(2, "theirs", "per_2")), { type: "left", stream: "chat" });
    assert.deepEqual(world.news(), []);
    await world.confirm();
    await world.socket.say(entries([1, 2], false, "chat"));
    assert.deepEqual(world.news(), ["kept chat 2", "chat 1,2"]);
});

test("nothing is said in the name of somebody else", async () => {
    const world = new World();
    await world.chatting();
    world.send("hello");
    world.client.stop();
    world.client.start();
    await settled();
    world.socket.onopen();
    world.news();
    await world.socket.say({ type: "welcome", person_id: "per_2", expires_at: "2026-12-01T09:00:00Z", heartbeat_s: 25 });
    assert.deepEqual(world.news(), ["is live", "hello is refused: somebody-else"]);
    assert.equal(world.socket.count("send"), 0);
});

test("no more are pending than may be", async () => {
    for (const [most, options] of [[100, {}], [2, { pendingAtMost: 2 }]] as const) {
        const world = new World(options);
        for (let many = 0; many < most; many++) world.send("fine");
        await assert.rejects(world.client.send("chat", { text: "too many" }), new RegExp(`No more than ${most} messages`));
        assert.equal(world.ids, most);
        world.client.start();
        await world.letIn();
        assert.equal(world.socket.count("send"), most);
        await world.socket.say(sent(1, "m1"));
        world.news();
        world.send("one more");
        assert.equal(world.socket.last("send").message.text, "one more");
    }
});

test("what the server would hang up for is not said, so it is not said again and again", async () => {
    const world = new World();
    await world.chatting();
    // As UTF-8 each of these has three bytes, or four.
    world.send("格".repeat(21_800));
    world.send("😀".repeat(16_300));
    world.send("格".repeat(21_900));
    world.send("😀".repeat(16_400));
    await settled();
    assert.deepEqual(world.news().map((note) => note.replace(/^.* is/s, "is")), ["is refused: too-large", "is refused: too-large"]);
    assert.equal(world.socket.count("send"), 2);
});

test("what is no message is refused at once, and harms nothing", async () => {
    const world = new World();
    await world.chatting();
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    const bad: [unknown, unknown][] = [
        ["chat", null],
        ["chat", loop],
        ["chat", { text: 1n }],
        ["chat", { client_id: 7 }],
        ["chat", { client_id: "" }],
        [undefined, {}],
    ];
    for (const [stream, input] of bad) await assert.rejects(world.client.send(stream as string, input as object));
    world.send("fine");
    assert.deepEqual(world.words, ["fine"]);
});
