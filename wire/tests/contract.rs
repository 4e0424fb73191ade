//! The small promises of the contract's own types.
use std::time::Duration;

use proptest::prelude::*;
use wire::{ConnId, Instant, Rng, Transport};

#[test]
fn connection_numbers_of_the_two_sides_never_meet() {
    for n in 0..1000 {
        assert!(!ConnId::outbound(n).is_inbound());
        assert!(ConnId::inbound(n).is_inbound());
        assert_ne!(ConnId::outbound(n), ConnId::inbound(n));
    }
}

#[test]
fn only_udp_needs_retransmission() {
    for name in ["udp", "tcp", "tls", "ws", "wss"] {
        let t = Transport::from_name(name).unwrap();
        assert_eq!(t.is_reliable(), name != "udp");
        assert_eq!(t.is_secure(), matches!(name, "tls" | "wss"));
        assert_eq!(t.to_string(), name);
    }
}

#[test]
fn time_saturates_instead_of_wrapping() {
    assert_eq!(Instant::FAR + Duration::from_secs(1), Instant::FAR);
    assert_eq!(Instant::ZERO - Duration::from_secs(1), Instant::ZERO);
    assert_eq!(Instant::ZERO + Duration::MAX, Instant::FAR);
}

proptest! {
    #[test]
    fn below_stays_below(seed: u64, n in 1u64..1 << 40) {
        prop_assert!(Rng::from_u64(seed).below(n) < n);
    }

    #[test]
    fn tokens_are_tokens(seed: u64, len in 0usize..100) {
        let token = Rng::from_u64(seed).token(len);
        prop_assert_eq!(token.len(), len);
        prop_assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    }
}
