//! How much of what there is is used: by hour and weekday, what stands idle, and how many do not
//! come. All of it is counted anew from the bookings.

mod count;
pub mod routes;
mod store;
mod view;
