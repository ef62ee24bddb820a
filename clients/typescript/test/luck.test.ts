import assert from "node:assert/strict";
import { test } from "node:test";

import { World, chat, cursor, entries, message, sent, settled, unsent } from "./harness.js";

test("whatever the line loses, doubles or breaks, each entry is handed out once and in order", async () => {
    for (let seed = 1; seed <= 40; seed++) {
        const dice = generator(seed);
        const world = new World({ random: dice });
        let written = 0;
        // Where the server is in sending, by connection; nothing before it was subscribed.
        let sent: number | undefined;
        let answered = 0;
        world.client.follow(["inbox"]);
        world.client.start();
        for (let step = 0; step < 400 || world.cursors.get("inbox") !== cursor(written); step++) {
            assert.ok(step < 2_000, `seed ${seed}: the client has ${world.cursors.get("inbox")} of ${written}`);
            const isFair = step >= 400;
            // That the last one was lost shows when another comes.
            if (step === 400) written += 1;
            const { socket } = await connected(world, () => ((sent = undefined), (answered = 0)));
            if (!isFair && dice() < 0.3) written += Math.ceil(dice() * 5);
            const asked = socket.said.filter(({ type }) => type === "subscribe").slice(answered);
            for (const { id, streams } of asked) {
                answered += 1;
                sent = Number.parseInt(streams.inbox, 10);
                await socket.say({ type: "subscribed", id, followed: 1, refused: {} });
            }
            if (sent === undefined || sent >= written) continue;
            const upto = Math.min(written, sent + Math.ceil(dice() * 4));
            const back = isFair ? 0 : Math.floor(dice() * 3);
            const numbers = range(Math.max(1, sent + 1 - back), upto);
            const luck = isFair ? 1 : dice();
            if (luck < 0.1) await socket.hangUp(1006, "");
            else if (luck < 0.2) numbers.splice(Math.floor(dice() * numbers.length), 1);
            if (numbers.length > 0) await socket.say(entries(numbers));
            sent = upto;
            if (luck > 0.2 && luck < 0.25) await socket.hangUp(4000, { action: "reconnect", retry_after_ms: 900 });
        }
        const got = world.notes.filter((note) => /^inbox /.test(note)).flatMap((note) => note.slice(6).split(",").map(Number));
        assert.deepEqual(got, range(1, written), `seed ${seed}`);
    }
});

test("whatever the line loses or the server puts off, each message is said once, in order, and its number told", async () => {
    for (let seed = 1; seed <= 40; seed++) {
        const dice = generator(seed);
        const world = new World({ random: dice });
        // What is durable; the number of the first is 1.
        const durable: string[] = [];
        let [given, heard, shown] = [0, 0, 0];
        world.client.follow(["chat"]);
        world.client.start();
        const told = (): string[] => world.notes.filter((note) => / is \d/.test(note));
        for (let step = 0; step < 300 || told().length < given || world.cursors.get("chat") !== cursor(given); step++) {
            assert.ok(step < 2_000, `seed ${seed}: ${given} messages, ${durable.length} of them durable`);
            const isFair = step >= 300;
            if (!isFair && dice() < 0.4) for (let many = dice() * 4; many > 0; many--) world.send(`${++given}`);
            if (dice() < 0.2) await world.clock.advance(dice() * 3_000);
            const { socket } = await connected(world, () => (heard = 0));
            if (heard === 0) {
                await world.confirm();
                shown = Number.parseInt(socket.last("subscribe").streams.chat, 10);
            }
            const frames = socket.said.slice(heard);
            heard = socket.said.length;
            const answers: Record<string, unknown>[] = [];
            const luck = isFair ? 1 : dice();
            // Lost on its way to the server.
            if (luck < 0.1) frames.splice(Math.floor(dice() * frames.length));
            for (const { client_id } of frames.filter(({ type }) => type === "send").map(({ message }) => message)) {
                // Whoever cannot now cannot for the rest of them either.
                if (luck > 0.8 && luck < 0.9) {
                    answers.push(unsent(client_id, 503, dice() < 0.5 ? dice() * 5_000 : undefined));
                    continue;
                }
                if (!durable.includes(client_id)) durable.push(client_id);
                answers.push(sent(durable.indexOf(client_id) + 1, client_id));
            }
            const fresh = durable.slice(shown).map((client_id, at) => message(shown + 1 + at, client_id));
            shown = durable.length;
            if (fresh.length > 0) answers.splice(Math.floor(dice() * (answers.length + 1)), 0, chat(...fresh));
            // Lost on its way to the client.
            if (luck < 0.25) answers.splice(Math.floor(dice() * answers.length));
            await socket.say(...answers);
            if (luck < 0.25) await socket.hangUp(1006, "");
            if (isFair) await world.clock.advance(1_000);
        }
        await settled();
        const count = range(1, given);
        assert.deepEqual(durable, count.map((number) => `m${number}`), `seed ${seed}: once, and in order`);
        assert.deepEqual(told().sort(byNumber), count.map((number) => `${number} is ${number}`), `seed ${seed}: the numbers`);
        const got = world.notes.filter((note) => /^chat /.test(note)).flatMap((note) => note.slice(5).split(",").map(Number));
        assert.deepEqual(got, count, `seed ${seed}: each entry`);
    }
});

/** Waits until the client is connected, and lets it in where it is not. */
async function connected(world: World, isAnother: () => void): Promise<World> {
    while (world.sockets.length === 0 || world.socket.isHungUp) await world.clock.advance(1_000);
    if (world.socket.count("hello") === 0) {
        isAnother();
        await world.letIn();
    }
    await settled();
    return world;
}

function range(first: number, last: number): number[] {
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
}

function byNumber(a: string, b: string): number {
    return Number.parseInt(a, 10) - Number.parseInt(b, 10);
}
