//! The demo as a reader starts it.

use crate::harness::landfall;

fn said(arguments: &[&str]) -> String {
    let output = landfall().arg("demo").args(arguments).output();
    let output = output.expect("landfall runs");
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {problem}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_demo_lists_the_faults_that_its_page_names() {
    let listed = said(&["--list"]);
    let page = include_str!("../../../../docs/faults.md");
    let names = listed.lines().filter_map(|line| line.split(' ').next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 20, "{listed}");
    for name in &names {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
    assert_eq!(page.matches("\n| `").count(), names.len());
}

#[test]
fn a_small_demo_ends_by_itself_with_and_without_a_fault_and_an_unknown_fault_is_refused() {
    let small = [
        "--people",
        "200",
        "--days",
        "2",
        "--once",
        "--listen",
        "127.0.0.1:0",
    ];
    for more in [
        &["--clean", "--seed", "3"][..],
        &["--fault", "receipts_lost"],
    ] {
        let said = said(&[&small[..], more].concat());
        assert!(said.contains("200 customers"), "{said}");
    }
    let unknown = landfall().args(["demo", "--fault", "rain"]).output();
    let unknown = unknown.expect("landfall runs");
    assert!(!unknown.status.success());
    let problem = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        problem.contains("`rain`") && problem.contains("--list"),
        "{problem}"
    );
}
