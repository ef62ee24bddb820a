//! Channels: the conversations of the grid, each of which is a stream.
//!
//! Standing channels exist by themselves: [`seats`] says who is in which, from the roles that
//! somebody holds now, so that whoever gets an office is in and whoever gives it up is out. What
//! is said goes through one [`lane`], which numbers it under the lock of the stream; the words
//! stand in a table of their own ([`store`]), so that a message can be recalled and forgotten
//! while the numbers stay. Clients follow channels by [`ChannelSource`].

mod chats;
mod holds;
mod lane;
mod model;
pub mod routes;
mod seats;
mod source;
mod store;
pub mod view;

pub use chats::Chats;
pub use holds::{ChatHolder, HOLDINGS};
pub use model::{ChannelId, MessageId};
pub use source::ChannelSource;
