//! Requirements of RFC 3264 and RFC 5888 that are left out on purpose, each with its reason.
