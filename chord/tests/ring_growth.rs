//! Nodes join one after the other through the protocol, and end with exactly the state that their ids ask for.
mod ring_support;

use std::time::Duration;

use chord::Key;
use chord::ring::Config;
use ring_support::Net;

fn quick() -> Config {
    Config { stabilize: Duration::from_secs(2), fingers_per_round: 8, ..Config::default() }
}

fn check(net: &Net) {
    let ids: Vec<Key> = net.members.keys().copied().collect();
    let n = ids.len();
    for (at, (id, node)) in net.members.iter().enumerate() {
        let routes = net.node(*node).routes();
        let near: Vec<Key> = (1..=20.min(n - 1)).map(|k| ids[(at + k) % n]).collect();
        assert_eq!(routes.successors().iter().map(|c| c.id).collect::<Vec<_>>(), near, "successors of {at}");
        assert_eq!(routes.predecessor().map(|c| c.id), Some(ids[(at + n - 1) % n]), "predecessor of {at}");
        for bit in 0..Key::BITS {
            let start = id.ahead(bit);
            let next = ids[ids.partition_point(|other| *other < start) % n];
            // A finger that comes around to the node itself is not stored.
            let wrapped = next == *id || next.is_between(id, &start);
            let wanted = Some(next).filter(|_| !wrapped);
            assert_eq!(routes.finger(bit).map(|c| c.id), wanted, "finger {bit} of {at}");
        }
    }
}

//= chord#4.4/fingers test
//= chord#4.5/join test
//= chord#4.5/fix-fingers test
//= chord#4.5/notify test
#[test]
fn three_hundred_nodes_join_one_after_the_other() {
    let mut net = Net::new(1, quick());
    net.delay = Duration::from_millis(10);
    let first = net.create();
    for n in 1..300 {
        let via = if n % 2 == 0 { first } else { net.any() };
        net.join(via);
        net.run(Duration::from_millis(500));
    }
    assert_eq!(net.members.len(), 300);
    net.run(Duration::from_secs(60));
    check(&net);
}
