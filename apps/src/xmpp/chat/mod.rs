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
//! | [`keys`], [`terminal`] | the terminal |
//! | [`run`], [`doing`] | the loop, and what it does outside of the model |
//! | [`history`], [`notify`] | what is kept on this machine; how the user hears of a message |
//! | [`screen`], [`sidebar`], [`bars`], [`layout`], [`text`] | drawing, from the model alone |

pub mod action;
pub mod bars;
pub mod command;
pub mod commands;
pub mod complete;
pub mod conversation;
pub mod doing;
pub mod events;
pub mod history;
pub mod input;
pub mod keys;
pub mod layout;
pub mod model;
pub mod notify;
pub mod run;
pub mod screen;
pub mod sidebar;
pub mod terminal;
pub mod text;

pub use run::chat;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod screen_tests;
#[cfg(test)]
mod wild_tests;
