//! AMF3.
