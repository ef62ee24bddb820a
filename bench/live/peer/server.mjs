// The peer: rooms of socket.io over Redis pub/sub, with the settings that it ships with.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const publishing = createClient({ url: process.env.REDIS_URL });
const subscribing = publishing.duplicate();
await Promise.all([publishing.connect(), subscribing.connect()]);
const http = createServer();
const io = new Server(http, { adapter: createAdapter(publishing, subscribing), transports: ["websocket"] });
io.on("connection", (socket) => {
  socket.on("join", (room) => {
    socket.join(room);
    socket.emit("joined");
  });
  socket.on("say", (room, text) => io.to(room).emit("said", text));
});
http.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${http.address().port}`));
