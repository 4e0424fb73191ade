//! The client machine: from the connection to the bound resource, and on.
