//! XML as streams carry it (RFC 6120, 11): elements, and the reader that cuts them out of bytes.
