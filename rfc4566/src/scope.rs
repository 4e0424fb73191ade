//! Requirements of RFC 8866 that are left out on purpose, each with its reason.
