//! One's inbox as server-sent events, for clients that can have no socket.

pub mod routes;
