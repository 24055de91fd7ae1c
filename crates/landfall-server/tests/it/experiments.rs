//! Experiments from the command line.

use serde_json::json;

use crate::harness::Server;

#[test]
fn experiments_are_listed_set_and_planned() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let none = server.said(&["experiments"]);
    assert!(none.contains("No journey has an A/B test"), "{none}");
    let file = data.path().join("cart.json");
    let journey = json!({"id": "cart", "name": "Cart Recovery", "trigger": {"event": "cart_updated"},
        "goal": {"event": "order_completed", "within": "3d", "basis": "delivered"},
        "steps": [{"id": "nothing", "holdout": 10},
            {"id": "push-1", "push": {"body": "x"},
             "name": {"step": "Push 1", "delay": "0h", "intent": "Remind"}}]});
    std::fs::write(&file, journey.to_string()).expect("is written");
    server.said(&["apply", "-f", file.to_str().expect("a plain path")]);
    let list = server.said(&["experiments", "list"]);
    assert!(
        list.contains("cart:nothing") && list.contains("holdout"),
        "{list}"
    );
    let shown = server.said(&["experiments", "show", "cart:nothing"]);
    for part in [
        "nothing of Cart Recovery",
        "held_out",
        "10.00 %",
        "Nobody was assigned yet.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let set = server.said(&["experiments", "set", "cart:nothing", "--planned", "5000"]);
    assert!(set.contains("planned: 5000"), "{set}");
    let power = [
        "experiments",
        "power",
        "--rate",
        "0.1",
        "--people",
        "8000",
        "--looks",
        "once",
    ];
    let power = server.said(&power);
    for part in ["10.00 %", "8,000 people show a rise of"] {
        assert!(power.contains(part), "{part}: {power}");
    }
    let refused = server.cli(&["experiments", "show", "cart:other"]);
    assert!(!refused.status.success());
}
