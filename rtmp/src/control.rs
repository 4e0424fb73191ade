//! Protocol control and user control messages.
