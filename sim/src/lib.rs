//! A virtual network and clock that runs any Wireworks machine, reproducibly, from one seed
#![forbid(unsafe_code)]
