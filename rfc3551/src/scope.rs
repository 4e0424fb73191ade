//! What RFC 3551, RFC 4733 and RFC 2198 ask and this room leaves to others, with the reason for each.
