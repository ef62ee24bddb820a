// Prints what comes into a stream of a running server, until Ctrl-C, and says there what is given to
// it line by line. Not a part of `npm test`.
//
//     npm run build
//     ONEGRID_URL=ws://127.0.0.1:8080/v1/socket ONEGRID_TOKEN=… node --experimental-websocket test/live.mjs
//
// ONEGRID_STREAM is the inbox, or a channel such as chn_…. Node 20 has a WebSocket behind that flag;
// from Node 22 on it is there without.

import { createInterface } from "node:readline";

import { Client, webSocket } from "../dist/src/index.js";

const { ONEGRID_URL: url, ONEGRID_TOKEN: token, ONEGRID_STREAM: stream = "inbox" } = process.env;
if (!url || !token || typeof WebSocket === "undefined") {
    console.error("It takes ONEGRID_URL, ONEGRID_TOKEN and a WebSocket: node --experimental-websocket test/live.mjs");
    process.exit(2);
}

const client = new Client({
    url,
    connect: webSocket(WebSocket),
    // It has no other: where this one is not good the person has to sign in.
    token: (isFresh) => (isFresh ? null : token),
    handlers: {
        entries: (name, items) =>
            items.forEach(({ number, at, kind, text, message }) => console.log(name, number, at, text ?? message?.text ?? kind)),
        gap: (name, floor) => console.log(name, `is kept from ${floor + 1} on`),
        reset: (name) => console.log(name, "begins anew"),
        left: (name) => console.log(name, "is none of yours any more"),
        read: (name, read_to, unread) => console.log(name, `read to ${read_to}, ${unread} unread`),
        refused: (name, problem) => console.error(name, problem),
        error: (of, problem) => console.error(of, problem),
        state: (state) => console.error(state),
        ended: (action, code) => console.error(`${action} (${code})`),
        failed: (error) => console.error(error),
    },
});
client.follow([stream]);
client.start();
createInterface({ input: process.stdin }).on("line", (text) => {
    client.send(stream, { text }).then(
        ({ number, id, at }) => console.error(`said: ${number} ${id} ${at}`),
        (why) => console.error(`not said: ${why.detail}`),
    );
});
process.once("SIGINT", () => process.exit(client.stop()));
