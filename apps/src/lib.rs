//! The programs of Wireworks, each a module with its arguments, its driver loop and its handlers, and a thin binary.
//!
//! A program composes protocol rooms, whose machines do no input or output of their own, and is the only place with
//! sockets, files and a loop that selects over them. What programs share is in [`common`].
#![forbid(unsafe_code)]

pub mod common;
