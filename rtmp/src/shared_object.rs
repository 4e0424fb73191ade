//! Shared objects.
