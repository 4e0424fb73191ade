//! Status objects and their codes.
