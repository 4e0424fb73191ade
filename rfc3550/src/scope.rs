//! What RFC 3550 and RFC 5761 ask and this room leaves to others, with the reason for each.
