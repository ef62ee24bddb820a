export { memoryStore, randomId, systemClock, webSocket, wxSocket } from "./adapters.js";
export type { WebSocketLike, Wx, WxSocketTask } from "./adapters.js";
export { Client } from "./client.js";
export type { Action, ChannelEntry, Entry, InboxEntry, Message, MessageInput, Problem, Sent } from "./frames.js";
export type { Clock, Connect, CursorStore, Handlers, Options, State, Transport } from "./ports.js";
export { Refused } from "./refused.js";
