/**
 * One connection after the other: who is there, whether somebody still is, until when the token
 * is good, and when to come again.
 */

import { systemClock } from "./adapters.js";
import { parseClose, parseFrame } from "./frames.js";
import type { ClientFrame, ServerFrame, Welcome } from "./frames.js";
import { report, tell } from "./ports.js";
import type { Clock, Options, State, Transport } from "./ports.js";
import { waitMs } from "./waits.js";

/** A connection is given up that brought no `welcome` after so long. */
const WELCOME_WITHIN_MS = 15_000;
/** After so long a connection was a good one: the next failure counts as the first. */
const STAYED_UP_MS = 30_000;
/** Tokens are not asked for more often than that over one connection. */
const REFRESH_AGAIN_MS = 60_000;
/** A timer of more than 24 days would fire at once. */
const DAY_MS = 86_400_000;
/** The heartbeat where the server names none that makes sense. */
const HEARTBEAT_S = 25;

/** A connection; each is another object. */
export interface Connection {
    readonly transport: Transport;
    /** Since when it is known whose it is. */
    welcomeAt: number | undefined;
    heartbeat_ms: number;
    /** How far the server's clock is ahead of this one. */
    ahead_ms: number;
    heardAt: number;
    saidAt: number;
    pingAt: number;
    stopBeat: () => void;
    stopRefresh: () => void;
}

/** Who is told what the line does. */
export interface Ear {
    /** What comes, `ping` left out; of each connection `welcome` first. */
    hear(connection: Connection, frame: ServerFrame): void;
    /** Nothing more comes until `start`. */
    stopped(): void;
}

/** Keeps a connection while that makes sense. */
export class Line {
    private readonly clock: Clock;
    private readonly random: () => number;
    private state: State = "stopped";
    private connection: Connection | undefined;
    /** Counted up by whatever makes an attempt to connect stale. */
    private attempt = 0;
    private failures = 0;
    private needsFreshToken = false;
    private stopWaiting = (): void => {};

    constructor(
        private readonly options: Options,
        private readonly ear: Ear,
    ) {
        this.clock = options.clock ?? systemClock;
        this.random = options.random ?? Math.random;
    }

    /** Connects, and again after each failure. */
    start(): void {
        if (this.state !== "stopped") return;
        this.failures = 0;
        void this.open();
    }

    /** Hangs up, until `start`. */
    stop(): void {
        this.hangUp();
        this.become("stopped");
    }

    /** The connection over which something can be said. */
    live(): Connection | undefined {
        return this.connection?.welcomeAt === undefined ? undefined : this.connection;
    }

    /** Whether this connection did not end yet. */
    isCurrent(connection: Connection): boolean {
        return connection === this.connection;
    }

    /** Says something, if this is still the connection. */
    say(connection: Connection, frame: ClientFrame): void {
        if (connection !== this.connection) return;
        connection.saidAt = this.clock.now();
        try {
            connection.transport.send(JSON.stringify(frame));
        } catch {
            this.giveUp(connection);
        }
    }

    /** This connection is of no use any more. */
    giveUp(connection: Connection): void {
        this.closed(connection, 1006, "");
    }

    private async open(): Promise<void> {
        const attempt = ++this.attempt;
        this.become("connecting");
        try {
            const token = await this.options.token(this.needsFreshToken);
            if (attempt !== this.attempt) return;
            if (token === null) this.end("sign_in", 0);
            else this.greet(this.options.connect(this.options.url), token);
        } catch (error) {
            report(this.options.handlers, error);
            if (attempt === this.attempt) this.comeAgain(undefined);
        }
    }

    private greet(transport: Transport, token: string): void {
        const now = this.clock.now();
        const connection: Connection = {
            transport,
            welcomeAt: undefined,
            heartbeat_ms: 0,
            ahead_ms: 0,
            heardAt: now,
            saidAt: now,
            pingAt: now,
            stopBeat: this.clock.after(WELCOME_WITHIN_MS, () => this.giveUp(connection)),
            stopRefresh: () => {},
        };
        this.connection = connection;
        transport.onopen = () => this.say(connection, { type: "hello", token, language: this.options.language });
        transport.onmessage = (text) => this.take(connection, text);
        transport.onclose = (code, reason) => this.closed(connection, code, reason);
    }

    private take(connection: Connection, text: string): void {
        if (connection !== this.connection) return;
        connection.heardAt = this.clock.now();
        const frame = parseFrame(text);
        if (frame?.type === "ping") return this.say(connection, { type: "pong" });
        if (frame?.type === "welcome") this.welcome(connection, frame);
        if (frame?.type === "refreshed") this.refreshBefore(connection, frame.expires_at, REFRESH_AGAIN_MS);
        if (frame?.type === "error" && frame.of === "refresh") this.refreshIn(connection, REFRESH_AGAIN_MS);
        if (frame) this.ear.hear(connection, frame);
    }

    private welcome(connection: Connection, { heartbeat_s, expires_at, now }: Welcome): void {
        connection.welcomeAt = this.clock.now();
        const ahead_ms = Date.parse(now ?? "") - connection.welcomeAt;
        connection.ahead_ms = Number.isNaN(ahead_ms) ? 0 : ahead_ms;
        connection.heartbeat_ms = (heartbeat_s >= 1 ? heartbeat_s : HEARTBEAT_S) * 1_000;
        connection.stopBeat();
        this.needsFreshToken = false;
        this.beat(connection);
        this.refreshBefore(connection, expires_at, 0);
        this.become("live");
    }

    /**
     * Says `ping` where nothing was heard for a heartbeat, and hangs up after three. Also where
     * nothing was said for one: the server, too, hangs up on whom it does not hear.
     */
    private beat(connection: Connection): void {
        const { heartbeat_ms } = connection;
        const now = this.clock.now();
        // Where the clock was set back nothing was heard in the future.
        for (const at of ["heardAt", "saidAt", "pingAt"] as const) connection[at] = Math.min(connection[at], now);
        if (now - connection.heardAt >= 3 * heartbeat_ms) return this.giveUp(connection);
        const quietSince = (): number => Math.min(Math.max(connection.heardAt, connection.pingAt), connection.saidAt);
        if (now - quietSince() >= heartbeat_ms) {
            connection.pingAt = now;
            this.say(connection, { type: "ping" });
            if (connection !== this.connection) return;
        }
        const due = Math.min(quietSince() + heartbeat_ms, connection.heardAt + 3 * heartbeat_ms);
        connection.stopBeat = this.clock.after(due - now, () => this.beat(connection));
    }

    /**
     * At two thirds of what is left by the server's clock. Where that is not known it is early
     * enough if this one is behind by less than half of it.
     */
    private refreshBefore(connection: Connection, expires_at: string, least_ms: number): void {
        const left_ms = Date.parse(expires_at) - (this.clock.now() + connection.ahead_ms);
        if (!Number.isNaN(left_ms)) this.refreshIn(connection, Math.max((left_ms * 2) / 3, least_ms));
    }

    private refreshIn(connection: Connection, ms: number): void {
        connection.stopRefresh();
        connection.stopRefresh = this.clock.after(Math.min(ms, DAY_MS), () => void this.refresh(connection));
    }

    private async refresh(connection: Connection): Promise<void> {
        try {
            const token = await this.options.token(true);
            if (connection !== this.connection) return;
            if (token === null) this.end("sign_in", 0);
            else this.say(connection, { type: "refresh", token });
        } catch (error) {
            report(this.options.handlers, error);
            // Where it takes too long the server closes, with `refresh`.
            if (connection === this.connection) this.refreshIn(connection, REFRESH_AGAIN_MS);
        }
    }

    private closed(connection: Connection, code: number, reason: string): void {
        if (connection !== this.connection) return;
        const { action, retry_after_ms } = parseClose(code, reason);
        if (action === "sign_in" || action === "stop") return this.end(action, code);
        const { welcomeAt } = connection;
        if (welcomeAt !== undefined && this.clock.now() - welcomeAt >= STAYED_UP_MS) this.failures = 0;
        if (action === "refresh") this.needsFreshToken = true;
        this.comeAgain(retry_after_ms);
    }

    /** After the time that was told; from the second failure on not before one that grows. */
    private comeAgain(told_ms: number | undefined): void {
        this.hangUp();
        this.failures += 1;
        const wait_ms = waitMs(this.failures, told_ms, this.random);
        this.stopWaiting = this.clock.after(wait_ms, () => void this.open());
        this.become("waiting");
    }

    private end(action: "sign_in" | "stop", code: number): void {
        this.stop();
        tell(this.options.handlers, (handlers) => handlers.ended(action, code));
    }

    private hangUp(): void {
        const { connection } = this;
        this.attempt += 1;
        this.connection = undefined;
        this.stopWaiting();
        connection?.stopBeat();
        connection?.stopRefresh();
        try {
            connection?.transport.close();
        } catch {
            // It is gone already.
        }
    }

    private become(state: State): void {
        if (state === this.state) return;
        this.state = state;
        if (state === "stopped") this.ear.stopped();
        tell(this.options.handlers, (handlers) => handlers.state?.(state));
    }
}
