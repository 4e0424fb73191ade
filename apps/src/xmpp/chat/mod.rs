//! `xmpp chat`: contacts, conversations and rooms on the screen of a terminal.
//!
//! | module | what of it |
//! |---|---|
//! | [`model`] | accounts, contacts and conversations; pure |
//! | [`events`] | what sessions tell, into the model |
//! | [`commands`] | what the user wants, into the model |
//! | [`action`] | what the model wants done outside of it |
//! | [`conversation`] | one conversation and its lines |
//! | [`command`], [`complete`], [`input`] | typed lines: read, completed, edited |
//! | [`screen`], [`sidebar`], [`bars`], [`layout`], [`text`] | drawing, from the model alone |

pub mod action;
pub mod bars;
pub mod command;
pub mod commands;
pub mod complete;
pub mod conversation;
pub mod events;
pub mod input;
pub mod layout;
pub mod model;
pub mod screen;
pub mod sidebar;
pub mod text;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod screen_tests;
