//! Time, lookups, cancellation, several drivers in one task.
mod common;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use common::{Puppet, loopback, next};
use net::{Clock, Config, Driver};
use wire::{Input, QueryId, ResolveError};

#[tokio::test]
async fn the_deadline_is_told_when_it_comes_and_not_before() {
    let mut driver = Driver::new(Puppet::default());
    for wait in [0, 1, 30] {
        let deadline = driver.now() + Duration::from_millis(wait);
        driver.machine_mut().deadline = Some(deadline);
        assert!(matches!(next(&mut driver).await, Input::Time));
        let late = driver.now() - deadline;
        assert!(driver.now() >= deadline && late < Duration::from_secs(2), "{late:?} late");
    }
}

#[tokio::test]
async fn a_deadline_moved_by_a_command_counts() {
    let mut driver = Driver::new(Puppet::default());
    driver.machine_mut().deadline = Some(driver.now() + Duration::from_secs(3600));
    assert!(tokio::time::timeout(Duration::from_millis(10), driver.next()).await.is_err());
    let start = Instant::now();
    driver.machine_mut().deadline = Some(driver.now() + Duration::from_millis(20));
    assert!(matches!(next(&mut driver).await, Input::Time));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_machine_that_never_moves_its_deadline_does_not_spin() {
    struct Stuck(u64);
    impl wire::Machine for Stuck {
        type Event = ();
        fn handle(&mut self, _: wire::Instant, _: Input) {
            self.0 += 1;
        }
        fn poll(&mut self) -> Option<wire::Output<()>> {
            None
        }
        fn deadline(&self) -> Option<wire::Instant> {
            Some(wire::Instant::ZERO)
        }
    }
    let mut driver = Driver::new(Stuck(0));
    let _ = tokio::time::timeout(Duration::from_millis(50), driver.next()).await;
    let told = driver.machine().0;
    assert!((1..=60).contains(&told), "told the time {told} times in 50 ms");
    assert_eq!(driver.stats().overdue, told);
}

#[tokio::test]
async fn dropping_the_future_loses_nothing() {
    let mut driver = Driver::new(Puppet::default());
    let address = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    let mut got = 0;
    for n in 0..200u32 {
        client.send_to(&n.to_be_bytes(), address).unwrap();
        // Polled once or not at all, then dropped.
        if tokio::time::timeout(Duration::ZERO, driver.next()).await.is_ok() {
            got += 1;
        }
    }
    while got < 200 {
        next(&mut driver).await;
        got += 1;
    }
}

#[tokio::test]
async fn several_drivers_share_a_task_a_clock_and_a_moment() {
    let config = Config { clock: Clock::start(), ..Config::default() };
    let mut one = Driver::with_config(Puppet::default(), config.clone());
    let mut two = Driver::with_config(Puppet::echo(), config);
    assert_eq!(one.epoch(), two.epoch());
    let (a, b) = (one.bind_udp(loopback()).unwrap(), two.bind_udp(loopback()).unwrap());
    one.machine_mut().datagram(a, b, "ping");
    let (mut heard_one, mut heard_two) = (false, false);
    while !(heard_one && heard_two) {
        tokio::select! {
            event = one.next() => heard_one |= matches!(event, Input::Datagram { remote, .. } if remote == b),
            event = two.next() => heard_two |= matches!(event, Input::Datagram { remote, .. } if remote == a),
            () = tokio::time::sleep(Duration::from_secs(5)) => panic!("nothing heard"),
        }
    }
}

#[tokio::test]
async fn names_are_looked_up() {
    let mut driver = Driver::new(Puppet::default());
    driver.machine_mut().resolve(1, "127.0.0.1");
    driver.machine_mut().resolve(2, "[::1]");
    driver.machine_mut().resolve(3, "localhost");
    for _ in 0..3 {
        let Input::Resolved { query: QueryId(n), answer } = next(&mut driver).await else { panic!() };
        let addresses = answer.unwrap();
        assert!(!addresses.is_empty() && addresses.iter().all(|a| a.port() == 7 && a.ip().is_loopback()), "{n}");
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_has_no_address() {
    let mut driver = Driver::new(Puppet::default());
    driver.machine_mut().resolve(1, "no such name");
    let Input::Resolved { answer, .. } = next(&mut driver).await else { panic!() };
    assert!(answer.is_err());
}

#[tokio::test]
async fn lookups_are_bounded() {
    let config = Config { lookups: 1, lookup_queue: 2, ..Config::default() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    for n in 0..10 {
        driver.machine_mut().resolve(n, "localhost");
    }
    let (mut found, mut refused) = (0, 0);
    for _ in 0..10 {
        match next(&mut driver).await {
            Input::Resolved { answer: Ok(_), .. } => found += 1,
            Input::Resolved { answer: Err(ResolveError::Unavailable), .. } => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((found, refused), (3, 7));
}

#[tokio::test]
async fn a_flood_does_not_stop_the_clock_or_other_tasks() {
    let mut driver = Driver::new(Puppet { mute: true, ..Puppet::echo() });
    let address = driver.bind_udp(loopback()).unwrap();
    // It floods itself: every datagram is answered to itself for ever.
    for _ in 0..50 {
        driver.machine_mut().datagram(address, address, vec![0; 100]);
    }
    let start = Instant::now();
    let deadline = driver.now() + Duration::from_millis(50);
    driver.machine_mut().deadline = Some(deadline);
    // Without its turn the other task would never come to an end, however busy the machine is.
    let ticks = tokio::time::timeout(Duration::from_secs(5), async {
        tokio::select! {
            _ = driver.next() => unreachable!("it tells nothing"),
            () = async { for _ in 0..20 { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
        }
    });
    assert!(ticks.await.is_ok(), "{:?}", start.elapsed());
    assert!(driver.machine().deadline.is_none(), "the deadline was told");
    assert!(driver.stats().datagrams_in > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_may_live_in_a_task_of_its_own() {
    let mut driver = Driver::new(Puppet { mute: true, ..Puppet::echo() });
    let address = driver.bind_udp(loopback()).unwrap();
    let task = tokio::spawn(async move { driver.next().await });
    let client = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
    for n in 0..100u32 {
        client.send_to(&n.to_be_bytes(), address).await.unwrap();
        let mut answer = [0; 4];
        tokio::time::timeout(Duration::from_secs(5), client.recv(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, n.to_be_bytes());
    }
    task.abort();
}

#[tokio::test]
async fn a_turn_takes_no_more_than_its_share() {
    let config = Config { inputs_per_turn: 10, ..Config::default() };
    let mut driver = Driver::with_config(Puppet { mute: true, ..Puppet::default() }, config);
    let address = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    // The first turn only learns that nothing is there; then a hundred wait, and each poll takes ten.
    assert!(tokio::time::timeout(Duration::from_millis(5), driver.next()).await.is_err());
    for _ in 0..100 {
        client.send_to(b"x", address).unwrap();
    }
    let mut most = 0;
    while driver.machine().heard < 100 {
        let before = driver.machine().heard;
        let once = std::future::poll_fn(|context| {
            assert!(driver.poll_next(context).is_pending());
            std::task::Poll::Ready(())
        });
        once.await;
        most = most.max(driver.machine().heard - before);
        tokio::task::yield_now().await;
    }
    assert_eq!(most, 10);
}

#[tokio::test]
async fn events_without_end_do_not_keep_the_runtime_from_its_timers() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_udp(loopback()).unwrap();
    driver.machine_mut().datagram(address, address, "to myself, for ever");
    let listen = async {
        loop {
            driver.next().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(20), listen).await.is_err());
}
